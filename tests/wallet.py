"""A wallet by others: eth_account signs our messages, so that our EIP-712 is not its own judge."""

from __future__ import annotations

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from yinzheng.ledger.chain.approvals import Domain, typed_data
from yinzheng.ledger.chain.messages import Message


def sign(decision: Message, domain: Domain, account: LocalAccount) -> bytes:
    """65 bytes."""
    message = encode_typed_data(full_message=typed_data(decision, domain))
    return bytes(account.sign_message(message).signature)
