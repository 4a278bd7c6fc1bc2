"""The command `optim ui`: a page that edits a config, served on loopback."""
