"""Saving a run with its model into one file, and what may be in it."""
