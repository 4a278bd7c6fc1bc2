"""Model and dataset configs: what they name is found and structured, before torch is imported."""
