"""The arguments of a training run, and where they come from: an INI file, config files, the command line."""
