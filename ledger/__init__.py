"""How a decision becomes permanent: rules, store, log, chain, and the use cases that join them."""

from yinzheng.ledger.chain.pairings import defer

defer()
