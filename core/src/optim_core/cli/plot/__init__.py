"""`optim plot`: the learning rate of configs over the run, in a terminal or a file."""
