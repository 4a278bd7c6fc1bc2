"""The forms that configs have elsewhere, each turned into a recipe."""
