"""What exchanges ask before a trade, and the time they keep a certificate for themselves (R45, R46)."""
