"""DeepSpeed's FusedAdam and CPUAdam, as optim-core plugins.

One plugin class a module, and nothing here. torch and DeepSpeed are imported when something is built, and DeepSpeed's
kernel is compiled then, once on a machine.
"""
