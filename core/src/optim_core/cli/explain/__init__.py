"""`optim explain`: what a config does with each parameter of a model."""
