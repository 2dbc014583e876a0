"""The chain: the contracts' client, and an embedded chain for those without a network of their own (D12)."""
