"""Recipes of optim-core inside other frameworks; a module each, which imports its framework and no other."""
