"""A contract about data as a PDF: every clause in both languages, who signed it, its file attached (S21.13).

Set as the certificate is (`typesetting`). The parties choose its words, so a character that the font lacks is
printed as 〓 and listed; the attached file has it as it is.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.document.fonts import printable
from yinzheng.ledger.document.typesetting import typeset
from yinzheng.verifier.containers.contractfile import ContractProof, is_contract_proof, parse_contract_proof
from yinzheng.verifier.formats.trade_contract import SignedContract, TradeContract, parse_signed
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.words import trade_contract as words
from yinzheng.verifier.words.licence import PROVINCES
from yinzheng.verifier.words.times import moment

TEMPLATE: Final = Path(__file__).parent / "contract.typ"
ATTACHED: Final = "contract.json"


def render_contract(file: bytes) -> bytes:
    """Print a contract, with its proofs (S21.11) or without (S21.7), and attach its file as `contract.json`.

    The file is read, and nothing in it is verified. Returns the bytes of the PDF. Raises `DataFault`: what
    `parse_contract_proof` and `parse_signed` raise, `document-failed` if setting the pages failed.
    """
    pages = _set(file)
    assert isinstance(pages, bytes)
    return pages


def _set(file: bytes, **output: Any) -> Any:
    told = parse_contract_proof(file) if is_contract_proof(file) else None
    signed = parse_signed(file) if told is None else told.signed
    data, lacking = printable(_data(signed, told, file))
    dated = signed.contract.made_at if told is None else told.body.concluded_at
    data |= {"lacking": lacking}
    return typeset(TEMPLATE, data, what="contract", dated=dated, attachment=file, **output)


def _data(signed: SignedContract, told: ContractProof | None, file: bytes) -> dict[str, Any]:
    """What the template reads, words already looked up."""
    contract = signed.contract
    facts = words.facts(contract)
    return {
        "number": contract.number,
        "demo": told is not None and told.statement.profile.startswith("DEMO/"),  # S2.5
        "recorded": told is not None,
        "signatures": len(signed.signatures),
        "parties": [_party(signed, side) for side in words.SIDES],
        "facts": [(*words.FACTS[name], said) for name, said in facts.items()],
        "clauses": _clauses(contract),
        "digests": [("SM3", contract.digest.sm3.hex()), ("SHA-256", contract.digest.sha256.hex())],
        "concluded": None if told is None else moment(told.body.concluded_at),
        "attachment": {"name": ATTACHED, "sha256": hashlib.sha256(file).hexdigest()},
        "deposit": [] if told is None else _deposit(told),
    }


def _party(signed: SignedContract, side: str) -> dict[str, Any]:
    party = getattr(signed.contract, side)
    own = next((one for one in signed.signatures if one.code == party.code), None)
    region = PROVINCES[party.region]
    return {
        "side": words.SIDES[side],
        "name": party.name,
        "code": party.code,
        "region": f"{region.zh} {region.en}",
        "kid": None if own is None else own.kid.hex(),
        "signature": None if own is None else own.signature.hex(),
    }


def _clauses(contract: TradeContract) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "title": one.title,
            "applies": one.applies,
            "word": words.APPLIES[one.applies],
            "said": one.said,
        }
        for one in words.described(contract)
    ]


def _deposit(told: ContractProof) -> list[tuple[str, str, str]]:
    """Where it is recorded."""
    checkpoint = peek_checkpoint(told.proof.checkpoint)
    found = [
        ("合同标识", "contract", told.statement.subject.hex()),
        ("日志条目哈希", "leaf hash", told.statement.leaf_hash.hex()),
        ("日志", "log", checkpoint.origin),
        ("日志序号", "index in the log", f"{told.proof.index} / {checkpoint.size}"),
        ("适用规则", "rule profile", told.statement.profile),
    ]
    if told.chain is not None:
        found.append(("区块", "block", str(told.chain.block.number)))
    return found
