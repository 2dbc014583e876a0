"""Everything of ours that opens a connection to elsewhere: one rule for the way, bounds on every answer."""
