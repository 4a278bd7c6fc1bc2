"""Parameters to parameter groups, each with its options."""
