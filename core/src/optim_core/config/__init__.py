"""Plain data to specs: formats are read, forms recognised, fields structured, and what is wrong is told."""
