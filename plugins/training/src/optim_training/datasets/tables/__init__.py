"""A table in a file: its rows with their places, its columns as numbers, and what is wrong with either."""
