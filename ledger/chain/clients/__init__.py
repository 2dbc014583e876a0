"""What the ledger asks of each contract: one part a contract, put together in `ledger.chain.client`."""
