"""Who holds what under a certificate: the digest a record keeps, made of the body (S5.17)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.log.statement import organisation_subject

RIGHT_BITS: Final[Mapping[str, int]] = {"hold": 1, "use": 2, "operate": 4}
"""Bits of the rights (R3)."""


def holdings_of(holders: Iterable[tuple[str, Iterable[str]]]) -> list[tuple[bytes, int]]:
    """List organisations (S2.4), ascending, each once, with the bits of all its rights.

    `holders` are credit codes and rights, in any order.
    """
    found: dict[bytes, int] = {}
    for code, rights in holders:
        organisation = organisation_subject(code)
        for right in rights:
            found[organisation] = found.get(organisation, 0) | RIGHT_BITS[right]
    return sorted(found.items())


def holdings_digest(holdings: Iterable[tuple[bytes, int]]) -> bytes:
    """Give the digest, 32 bytes, of a list of `holdings_of`: keccak256(32 || count || pairs), numbers of 32
    bytes each.
    """
    pairs = list(holdings)
    entries = [organisation + _word(rights) for organisation, rights in pairs]
    return keccak256(_word(32) + _word(len(pairs)) + b"".join(entries))


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
