"""Matrices and parameters that are spread over several processes."""
