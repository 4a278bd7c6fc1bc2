"""The optimizers of bitsandbytes as optim-core plugins, each checked against the signature of its class."""
