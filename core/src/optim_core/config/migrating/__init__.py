"""Configs of other projects, turned into recipes."""
