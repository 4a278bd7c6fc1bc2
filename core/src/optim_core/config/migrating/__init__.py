"""Configs of other projects, turned into recipes: one module for each project, and the row of each in `origins`."""
