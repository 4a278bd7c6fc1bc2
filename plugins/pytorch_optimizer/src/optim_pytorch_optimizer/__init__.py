"""The optimizers of pytorch_optimizer as optim-core plugins, each checked against the signature of its class."""
