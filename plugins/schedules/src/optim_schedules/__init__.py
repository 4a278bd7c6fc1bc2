"""Learning-rate schedules as closed forms, as optim-core plugins.

One class a module, and nothing here: resolving one name imports the one small module that holds it. torch and numpy are
imported when something is built or drawn.
"""
