"""The subcommands of `optim`, a module each."""
