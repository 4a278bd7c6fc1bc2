"""How a run uses several processes and devices, by the names that the training arguments have for it."""
