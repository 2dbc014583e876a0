"""What others told the contracts themselves, past the registry (D17)."""
