"""Config files: YAML, JSON and TOML, with the place of each key."""
