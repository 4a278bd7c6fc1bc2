"""Orthogonalising matrices: one, in panels, in stacks."""
