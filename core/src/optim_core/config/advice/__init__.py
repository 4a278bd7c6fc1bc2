"""What to write instead of a config that is wrong; imported where one is."""
