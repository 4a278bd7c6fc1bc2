"""The processes in which plugins are judged."""
