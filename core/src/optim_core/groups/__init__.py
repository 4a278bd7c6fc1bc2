"""From parameters to parameter groups, each with its options."""
