"""From an acknowledged decision to the chain (D9): recorded, linked, put into the log, sent, confirmed."""
