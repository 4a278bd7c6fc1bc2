"""The optimizers that use the kernel, and what takes their place."""
