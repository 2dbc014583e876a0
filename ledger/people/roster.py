"""Who may act, as it was decided: the roster of the first day under the issuer's signature, then the lines.

The table of people is what the registry asks; a row in it proves nothing. Who created the registry with whom
is signed once (`sign_first`); whoever came or left since has an access line that says so (`came`, `left`).
An audit compares (S19.6).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from sqlmodel import Session

from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Person
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, Sm2PublicKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault

_KEY: Final = "people"
_PREFIX: Final = b"yinzheng/people/1\n"
_LEFT: Final = ":left"


def came(name: str, role: str, address: bytes) -> str:
    """The object of the line about an enrolment: who, as what, with which key (20 bytes, the first 8)."""
    return f"{name}:{role}:{address[:8].hex()}"


def left(name: str) -> str:
    """The object of the line about a removal."""
    return name + _LEFT


def stands(person: Person) -> str:
    """What the last line about a person's row, or the roster of the first day, has to say."""
    return came(person.name, person.role, person.address) if person.removed_at is None else left(person.name)


def sign_first(session: Session, issuer: Sm2PrivateKey, people: Mapping[str, str]) -> None:
    """Write down with whom a registry begins: what `came` says of each, by name."""
    signature = issuer.sign(_PREFIX + dumps(dict(people)))
    value = json.dumps({"people": dict(people), "signature": signature.hex()}, sort_keys=True)
    repository.write_meta(session, {_KEY: value})


def first(session: Session, issuer: Sm2PublicKey) -> dict[str, str]:
    """With whom the registry began, by name. Raises `DataFault` `person-altered`."""
    try:
        value = json.loads(repository.read_meta(session)[_KEY])
        people = {str(name): str(said) for name, said in value["people"].items()}
        signed = issuer.verify(_PREFIX + dumps({**people}), bytes.fromhex(value["signature"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        signed, people = False, {}
    if not signed:
        raise DataFault("with whom the registry began is not what its issuer signed", code="person-altered")
    return people
