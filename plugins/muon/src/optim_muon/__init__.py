"""Muon for a model's matrices and AdamW for the rest of it, as one optimizer and an optim-core plugin.

This module is empty: a config that names the plugin imports the small module of its class, and torch is imported when
something is built.
"""
