"""What is trained on, in which order, and what is random about it."""
