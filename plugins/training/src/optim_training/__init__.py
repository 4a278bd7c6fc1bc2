"""A training command on Lightning, with models, datasets, loggers and demos as plugins."""
