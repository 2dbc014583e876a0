"""Well-formed licences, as JSON and as the seven words of S5.21, for the tests of the verifier."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from tests.verifier.bodies import INSURER, LAB, PAIR
from tests.verifier.world import DAY, HOSPITAL, NUMBER, REGISTERED, REGISTRY, body_json
from yinzheng.verifier.chain.terms import ACTS, TERRITORY
from yinzheng.verifier.formats.body import RIGHTS, parse_body
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.formats.licence import Licence, given_statement, parse_licence

LICENCE = "L-2026-000001"
GIVEN = REGISTERED + DAY
ENDS = GIVEN + 365 * DAY
LICENSEE = {"name": "某医药研究院（虚构）", "code": LAB}
FORUM = {"name": "某互联网法院（虚构）", "code": INSURER}


def licence_json(**changes: Any) -> dict[str, Any]:
    """Under the certificate of `world.body_json`."""
    return {
        "v": 1,
        "number": LICENCE,
        "profile": "GD-HEALTH/1",
        "registration": True,
        "certificate": {"number": NUMBER, "leaf": statement_of(parse_body(body_json())).leaf_hash.hex()},
        "licensor": dict(HOSPITAL),
        "licensee": dict(LICENSEE),
        "rights": ["use"],
        "acts": ["store", "process", "use"],
        "territory": ["44", "45"],
        "purposes": "糖尿病并发症风险模型研究",
        "exclusive": False,
        "begins": GIVEN,
        "ends": ENDS,
        "registry": dict(REGISTRY),
        "registered_at": GIVEN,
        "request": PAIR,
        "prev": "cd" * 32,
        **changes,
    }


def end_json(**changes: Any) -> dict[str, Any]:
    """Agreed by both parties, a week after the licence was given."""
    return {
        "v": 1,
        "number": LICENCE,
        "profile": "GD-HEALTH/1",
        "given": given_statement(parse_licence(licence_json())).leaf_hash.hex(),
        "ground": "agreed",
        "request": PAIR,
        "forum": None,
        "document": None,
        "registry": dict(REGISTRY),
        "ended_at": GIVEN + 7 * DAY,
        "prev": "ce" * 32,
        **changes,
    }


def _subject(kind: str, name: str) -> bytes:
    return hashlib.sha256(f"yinzheng/{kind}/1:{name}".encode()).digest()


def packed(*fields: tuple[int, int]) -> int:
    """Fields of (value, bytes), the first in the least significant bytes."""
    return int.from_bytes(b"".join(value.to_bytes(size, "little") for value, size in fields), "little")


@dataclass
class LicenceState:
    """A licence as the contract would keep it (S5.21), with what hypothesis may change of it."""

    certificate: bytes
    licensor: bytes
    licensee: bytes
    statement: bytes
    rights: int
    acts: int
    territory: int
    valid_from: int
    valid_until: int
    given_at: int
    exclusive: int = 0
    state: int = 1
    outcome: bytes = bytes(32)
    ended_at: int = 0
    ending: int | None = None
    """None: by both parties, exactly where it is ended."""
    rest: int = 0
    spare: int = 0

    @staticmethod
    def of(body: Licence, **changes: Any) -> LicenceState:
        """As the contract writes it for that body, a minute after its registration."""
        found = LicenceState(
            certificate=_subject("certificate", body.certificate.number),
            licensor=_subject("organisation", body.licensor.code),
            licensee=_subject("organisation", body.licensee.code),
            statement=given_statement(body).leaf_hash,
            rights=sum(1 << RIGHTS.index(one) for one in body.rights),
            acts=sum(1 << ACTS.index(one) for one in body.acts),
            territory=sum(1 << TERRITORY.index(one) for one in body.territory),
            valid_from=body.begins,
            valid_until=body.ends,
            given_at=body.registered_at + 60,
            exclusive=int(body.exclusive),
        )
        for name, value in changes.items():
            setattr(found, name, value)
        return found

    def words(self) -> list[int]:
        covered = ((self.rights, 1), (self.acts, 1), (self.territory, 5))
        ending = int(self.state == 2) if self.ending is None else self.ending
        term = ((self.valid_from, 8), (self.valid_until, 8), (ending, 1), (self.rest, 6))
        return [
            *(int.from_bytes(one, "big") for one in (self.certificate, self.licensor, self.licensee)),
            packed((self.state, 1), (self.exclusive, 1), *covered, *term),
            int.from_bytes(self.statement, "big"),
            int.from_bytes(self.outcome, "big"),
            packed((self.given_at, 8), (self.ended_at, 8), (self.spare, 16)),
        ]
