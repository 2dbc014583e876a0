"""People who act for the registry (R43, R47)."""
