"""What the ledger states and hands out, as values and as JSON: each format once, with reader and writer."""
