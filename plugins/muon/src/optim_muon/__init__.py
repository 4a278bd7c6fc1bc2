"""Muon for a model's matrices and AdamW for the rest of it, as one optimizer and an optim-core plugin.

Nothing is here: resolving the name imports the small module of the config, and torch when something is built.
"""
