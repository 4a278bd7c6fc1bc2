"""The properties of plugins, a family a module."""
