"""One module for each project whose configs are read; `origins` has a row for each."""
