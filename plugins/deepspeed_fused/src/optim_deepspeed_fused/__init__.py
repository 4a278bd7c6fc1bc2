"""DeepSpeed's FusedAdam and CPUAdam, as optim-core plugins.

This module is empty: each plugin class has a module of its own. torch and DeepSpeed are imported when something is
built, and DeepSpeed's kernel is compiled then, once on a machine.
"""
