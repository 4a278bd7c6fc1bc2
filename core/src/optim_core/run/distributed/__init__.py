"""A run for torch.distributed.checkpoint."""
