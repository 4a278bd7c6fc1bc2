"""Every optimizer and learning-rate scheduler of torch.optim, and gradient clipping, as optim-core plugins.

One class a module, and nothing here: resolving one name imports the one small module that holds it. torch is imported
when something is built.
"""
