"""Audio files: which there are, whether they are whole, and parts of them as numbers."""
