"""What makes a run that was left continue as if it had not been."""
