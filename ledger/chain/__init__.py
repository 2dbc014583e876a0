"""The chain: the contracts' client, and an embedded chain for those who have no network of their own (D12)."""
