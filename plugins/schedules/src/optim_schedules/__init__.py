"""Learning-rate schedules as closed forms, as optim-core plugins.

This module is empty: each plugin class has a module of its own, and a config that names it imports that small module
alone. torch and numpy are imported when something is built or drawn.
"""
