"""Configs of Hydra: the arguments of a training run, and the groups of what they name."""
