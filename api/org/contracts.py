"""By which digest a trade check and a settlement name a contract (S20.1, S20.6)."""

from __future__ import annotations

from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.containers.contractfile import (
    is_contract_file,
    is_contract_proof,
    parse_contract_proof,
)
from yinzheng.verifier.formats.trade_contract import parse_signed


def digest_of(data: bytes) -> DigestPair:
    """That of what both sign, of a contract in our own format; of any other paper that of its bytes.

    Raises `DataFault` as `parse_signed` or `parse_contract_proof`.
    """
    if not is_contract_file(data):
        return digest_pair(data)
    signed = parse_contract_proof(data).signed if is_contract_proof(data) else parse_signed(data)
    return signed.contract.digest
