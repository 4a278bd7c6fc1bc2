"""Checkpoints: how they are written, when, and which of them a run that was killed goes on from."""
