"""The length, the steps and the state of a run."""
