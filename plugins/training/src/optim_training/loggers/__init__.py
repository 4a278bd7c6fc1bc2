"""What a run writes down while it trains: plugin classes of loggers, and the callback that tells them of the run."""
