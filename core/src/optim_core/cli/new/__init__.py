"""`optim new`: a distribution with one plugin, to begin from."""
