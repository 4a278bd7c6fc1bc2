"""Which parameters are matrices for Muon, and what is said of the choice."""
