"""A contract about data that both signed, recorded on the verifier's small log and chain (S21.11)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from tests.verifier.contracts import BUYER, SELLER, contract
from tests.verifier.holder_world import ENROLLED, KEY, OTHER, enrolment_body
from tests.verifier.world import BLOCK_TIME, NUMBER, World, inclusion
from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.trade_contract import SignedContract, parse_contract, sign_contract
from yinzheng.verifier.formats.trade_events import Concluded
from yinzheng.verifier.log.note import sign_checkpoint
from yinzheng.verifier.log.statement import Statement, commit_private, organisation_subject
from yinzheng.verifier.log.tlogproof import TlogProof

SECRET, SUBJECT = bytes(range(32)), bytes([0x5D]) * 32
CONCLUDED = BLOCK_TIME - 60
NAMES = {SELLER: "卖方（虚构）", BUYER: "买方（虚构）"}
KEYS = {SELLER: KEY, BUYER: OTHER}
LEAVES = {SUBJECT: 3, SELLER: 4, BUYER: 5}
"""Where the statements lie in the log."""


def signed(*codes: str, keys: dict[str, Sm2PrivateKey] | None = None, **changes: Any) -> SignedContract:
    """A contract about the world's certificate, signed by these; nobody, unless they are named."""
    about = {"number": NUMBER, "leaf": World().statement.leaf_hash.hex()}
    made = SignedContract(parse_contract(contract(**{"certificate": about, **changes})), ())
    for code in codes:
        made = sign_contract(made, code, (keys or KEYS)[code])
    return made


def plain(made: SignedContract) -> bytes:
    """Its own file (S21.7)."""
    return dumps(made.to_json())


@dataclass
class ContractWorld:
    """Change attributes before asking for the file."""

    contract: SignedContract = field(default_factory=lambda: signed(SELLER, BUYER))
    keys: dict[str, Sm2PrivateKey] = field(default_factory=lambda: KEYS)
    """What the ledger has of each party."""
    concluded_at: int = CONCLUDED
    stated_at: int = CONCLUDED
    profile: str = "GD-HEALTH/1"
    digest: DigestPair | None = None
    """What is recorded, if not the contract's own."""
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.told: dict[str, list[tuple[str, dict[str, Any]]]] = {
            code: [
                (
                    "organisation.enrolled",
                    enrolment_body(self.keys[code], {"name": name, "code": code}, ("party",)),
                )
            ]
            for code, name in NAMES.items()
        }

    @property
    def body(self) -> Concluded:
        made = self.contract
        return Concluded(
            made.contract, made.signatures, self.digest or made.contract.digest, (), SELLER, self.concluded_at
        )

    @property
    def statement(self) -> Statement:
        commitment = commit_private(SECRET, dumps(self.body.to_json()))
        return Statement(Concluded.TYPE, self.profile, SUBJECT, self.stated_at, commitment, None, "party")

    def events(self, code: str) -> list[tuple[Statement, dict[str, Any]]]:
        made: list[tuple[Statement, dict[str, Any]]] = []
        for kind, body in self.told[code]:
            prev = made[-1][0].leaf_hash if made else None
            subject = organisation_subject(code)
            at = body.get("told_at", ENROLLED)
            one = Statement(kind, self.profile, subject, at, digest_pair(dumps(body)), prev, "registry")
            made.append((one, body))
        return made

    def file(self, **block: Any) -> dict[str, Any]:
        """The file, as JSON values."""
        world, parties = self.world, {code: self.events(code) for code in sorted(NAMES)}
        world.leaves[3] = self.statement.leaf_hash
        for code, events in parties.items():
            world.leaves[LEAVES[code]] = events[-1][0].leaf_hash
        signers = [replace(signer, name=world.origin) for signer in world.log_signers]
        note = sign_checkpoint(world.checkpoint, signers)

        def proof(place: int) -> str:
            return TlogProof(place, tuple(inclusion(world.leaves, place)), note).text

        return {
            "format": "yinzheng/contract-proof/1",
            "statement": self.statement.to_json(),
            "body": self.body.to_json(),
            "secret": SECRET.hex(),
            "parties": [
                {
                    "events": [{"statement": one.to_json(), "body": body} for one, body in events],
                    "proof": proof(LEAVES[code]),
                }
                for code, events in parties.items()
            ],
            "proof": proof(3),
            "chain": world.chain(**block),
        }

    def data(self, **block: Any) -> bytes:
        """The same as bytes."""
        return json.dumps(self.file(**block), ensure_ascii=False).encode()
