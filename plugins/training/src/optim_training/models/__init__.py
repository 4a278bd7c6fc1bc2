"""The models that come with the training command: plugin classes, and in `networks` what they make."""
