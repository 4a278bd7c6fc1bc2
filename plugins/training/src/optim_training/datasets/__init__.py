"""The datasets that come with the training command: plugin classes, which say what is wrong with their files."""
