"""What a model begins with: weights of a checkpoint, and weight normalisation that is taken off."""
