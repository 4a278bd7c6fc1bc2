"""Words for people: names, numbers, values and lists as messages show them; nothing here imports another package."""
