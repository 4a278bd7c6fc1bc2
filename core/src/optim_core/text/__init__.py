"""Words for people: names, numbers, values and lists as messages show them; it imports nothing of this project."""
