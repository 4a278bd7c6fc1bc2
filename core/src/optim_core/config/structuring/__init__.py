"""Plain values to the typed fields of a plugin class."""
