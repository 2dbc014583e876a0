"""Events of a period: whether each is in the log, and its head on the chain (S22.6)."""
