"""Every optimizer and learning-rate scheduler of torch.optim, and gradient clipping, as optim-core plugins.

This module is empty: each plugin class has a module of its own, and a config that names it imports that small module
alone. torch is imported when something is built.
"""
