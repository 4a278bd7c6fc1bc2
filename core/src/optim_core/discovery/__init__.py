"""From entry points to the plugins that may be used; nothing of a plugin is imported before its name is used."""
