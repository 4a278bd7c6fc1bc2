"""What is done with live objects to see whether a property holds."""
