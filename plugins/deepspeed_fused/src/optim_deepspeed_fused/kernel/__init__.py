"""DeepSpeed's kernel: where it is compiled, what it needs, what stands against it."""
