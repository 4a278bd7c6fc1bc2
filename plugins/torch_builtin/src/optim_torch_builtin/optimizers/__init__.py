"""The optimizers of torch.optim: one module each, named as the class in lower case."""
