"""Making matrices orthogonal: a large one in panels, many small ones in stacks."""
