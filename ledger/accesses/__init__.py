"""Who used or opened what: a line of the ledger for each, sealed, chained and committed in the log (D19)."""
