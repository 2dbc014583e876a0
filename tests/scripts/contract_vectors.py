"""Vectors of contracts about data (S21.7), and of what is told of them (S21.9)."""

from __future__ import annotations

from typing import Any

from tests.scripts.trade_vectors import LOG_KEY
from tests.verifier.contract_world import ContractWorld
from tests.verifier.contract_world import signed as concerning
from tests.verifier.contracts import BUYER, MADE, SELLER, contract
from tests.verifier.world import LOG_ED, NOW, ORIGIN, World, trust_json
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.trade_contract import SignedContract, parse_contract, sign_contract
from yinzheng.verifier.formats.trade_events import (
    Accepted,
    Concluded,
    Delivered,
    Destroyed,
    Ended,
    Event,
    Objected,
    Settled,
    Tracked,
    TradeDestruction,
    sign_destruction,
)
from yinzheng.verifier.log.note import NoteSigner

SUBJECT = bytes(range(96, 128))
DAY = 86_400
EXCHANGE = "91440300MA5G9XPL57"


def key_of(code: str, backend: Sm2Backend) -> Sm2PrivateKey:
    """The SM2 key of a party."""
    first = 19 if code == SELLER else 23
    return Sm2PrivateKey.from_bytes(bytes(range(first, first + 32)), backend)


def signed(value: dict[str, Any], backend: Sm2Backend, *codes: str) -> SignedContract:
    """Signed by these, or by both."""
    made = SignedContract(parse_contract(value), ())
    for code in codes or (SELLER, BUYER):
        made = sign_contract(made, code, key_of(code, backend))
    return made


def contracts(backend: Sm2Backend) -> dict[str, Any]:
    """A share and a transfer with what is signed; of the share each body of its thread; one with proofs."""
    share = signed(contract(), backend)
    return {
        "proof": _proof(backend),
        "keys": {code: key_of(code, backend).public_key.point.hex() for code in (SELLER, BUYER)},
        "contracts": [
            _shown("data is shared", share),
            _shown("data is transferred", signed(contract("transfer"), backend)),
            _shown("one has signed so far", signed(contract(), backend, SELLER)),
        ],
        "events": [
            {"type": str(one.TYPE), "body": one.to_json()} for one in _told(share, key_of(BUYER, backend))
        ],
    }


def _proof(backend: Sm2Backend) -> dict[str, Any]:
    """S21.11: a contract with its proofs, genuine and recorded at `now` under `trust`."""
    keys = {code: key_of(code, backend) for code in (SELLER, BUYER)}
    signers = (LOG_ED, NoteSigner(ORIGIN, Sm2PrivateKey.from_bytes(LOG_KEY, backend)))
    world = ContractWorld(
        contract=concerning(SELLER, BUYER, keys=keys), keys=keys, world=World(log_signers=signers)
    )
    return {"now": NOW, "trust": trust_json(), "file": world.file()}


def _shown(desc: str, made: SignedContract) -> dict[str, Any]:
    return {
        "desc": desc,
        "file": made.to_json(),
        "digest": made.contract.digest.to_json(),
        "complete": made.complete,
    }


def _told(made: SignedContract, buyers: Sm2PrivateKey) -> list[Any]:
    """From its conclusion to the destruction of the buyer's copies."""
    pair = made.contract.digest
    receipt = TradeDestruction(
        SUBJECT, BUYER, key_id(buyers.public_key.point), "key_destruction", 2, "运维", MADE + 190 * DAY
    )

    def by(code: str, day: int) -> dict[str, Any]:
        return {"contract": SUBJECT, "by": code, "at": MADE + day * DAY}

    told: list[Event] = [
        Delivered(**by(SELLER, 2), way="package", content=pair, words="已交付"),
        Objected(**by(BUYER, 3), words="字段缺失"),
        Delivered(**by(SELLER, 4), way="api", content=None, words="已补齐"),
        Accepted(**by(BUYER, 5), words="如约"),
        Settled(**by(EXCHANGE, 6), reservation=b"\x52" * 32, move=b"\x53" * 32),
        Tracked(**by(SELLER, 60), way="audit", personal_found=False, report=None, words="未见异常"),
        Ended(**by(BUYER, 185), ground="term", words="期满"),
        Destroyed(**by(BUYER, 190), signed=sign_destruction(receipt, buyers), late=False),
    ]
    concluded = Concluded(made.contract, made.signatures, pair, (), SELLER, MADE + DAY)
    return [concluded, *told]
