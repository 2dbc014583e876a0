"""What parties and forums sign, as JSON that any wallet takes, read back before it is signed (S16.4).

Nobody signs what a server sends unread: the signer's program makes the message anew from its fields, and
compares.
"""

from __future__ import annotations

from typing import Any

from yinzheng.ledger.chain.approvals import (
    PRESERVATION_NAME,
    Domain,
    Opening,
    Release,
    SigningKey,
    plain,
    sign,
    typed_data,
)
from yinzheng.ledger.chain.records import OpeningKind
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault

__all__ = ["Opening", "Release", "read_typed", "sign_typed", "typed_json"]


def typed_json(decision: Opening | Release, domain: Domain) -> dict[str, JSON]:
    """The EIP-712 message of a decision; bytes are `0x` and lower-case hex."""
    value = plain(typed_data(decision, domain))
    assert isinstance(value, dict)
    return value


def read_typed(value: object) -> tuple[Opening | Release, Domain]:
    """The decision that a message of `typed_json` is about, and where its signature holds.

    Raises `DataFault` `approval-message` for everything that is not exactly such a message.
    """
    try:
        decision, domain = _decision(value), _domain(value)
        same = typed_json(decision, domain) == value
    except (DataFault, KeyError, TypeError, ValueError, AttributeError):
        same = False
    if not same:
        raise DataFault(
            "this is no message to open or release a dispute",
            code="approval-message",
            hint="Sign nothing; ask the registry.",
        )
    return decision, domain


def sign_typed(value: object, key: SigningKey) -> bytes:
    """Sign a message of `typed_json`; 65 bytes. Raises as `read_typed`."""
    decision, domain = read_typed(value)
    return sign(decision, domain, key)


def _decision(value: Any) -> Opening | Release:
    message = value["message"]
    if value["primaryType"] == "Release":
        return Release(_bytes(message["caseId"]), _bytes(message["outcome"]))
    return Opening(
        case_id=_bytes(message["caseId"]),
        root=_bytes(message["root"]),
        kind=OpeningKind(message["kind"]),
        parties=tuple(map(_bytes, message["parties"])),
        statement=_bytes(message["statement"]),
        records=tuple(map(_bytes, message["records"])),
        cases=tuple(map(_bytes, message["cases"])),
        consents=tuple(map(_bytes, message["consents"])),
    )


def _domain(value: Any) -> Domain:
    domain = value["domain"]
    return Domain(domain["chainId"], _bytes(domain["verifyingContract"]), PRESERVATION_NAME)


def _bytes(written: str) -> bytes:
    if not written.startswith("0x"):
        raise ValueError
    return bytes.fromhex(written[2:])
