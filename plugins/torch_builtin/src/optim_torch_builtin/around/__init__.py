"""Optimizers around another one: the plugin classes, and what they have in common."""
