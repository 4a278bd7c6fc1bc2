"""Optimizers around another one, as objects of torch's; imported when one is built."""
