"""The schedulers of torch.optim.lr_scheduler: one module each, named as the class in snake case."""
