"""What is read off a torch model: its tree, the kinds of its modules, its layers."""
