"""How a run ends that does not come to its end: by a signal, or because one of its processes has died."""
