"""What an organisation runs on its own machine: its key, and requests that it signs to a desk (S11, S15)."""
