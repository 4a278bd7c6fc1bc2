"""Curves as learning-rate schedulers of torch."""
