"""A plugin class as it is read without being made: its fields, contract, docstrings, ranges and declarations."""
