"""Gradient clipping by norm, by value, and adaptive."""
