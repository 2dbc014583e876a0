"""Which witnesses the registry feeds, and how many of them a head needs before anything is issued (D18).

They lie in the database as one table. Whoever edits it there does not get by with it: that it is the one an
administrator set, the audit holds against the access line of that (S19.6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from sqlmodel import Session

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.net.routes import is_loopback
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.store import repository
from yinzheng.ledger.witnesses.kept import MAX_URL, META, Fed, fed_in
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.bytes.naming import spell
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.judge.witnesses import (
    Witness,
)
from yinzheng.verifier.log.cosignature import parse_cosigner
from yinzheng.verifier.log.note import parse_vkey


def stands(session: Session) -> str | None:
    """What the last line about witnesses has to say; None: none was ever named."""
    said = repository.meta_of(session, META)
    return None if said is None else _set(said)


def add_witness(registry: Registry, name: str, url: str, keys: Sequence[str], by: Actor) -> Fed:
    """Have heads fed to a witness: its name, where it takes checkpoints, its keys (vkeys, type 0x04).

    Raises `UsageFault` (`witness-url`, `witness-known`, and as `admit`), `DataFault` (`cosigner-key`,
    `note-key`, `trust-inconsistent`).
    """
    require_url(url)
    witness = Witness(spell(name), tuple(map(parse_cosigner, keys)))
    own = {parse_vkey(vkey).key for vkey in registry.instance.log_keys}
    if own & {key.key for key in witness.keys}:
        raise UsageFault(
            "the log cannot be its own witness", code="witness-own", hint="Ask its operator for its key."
        )

    def change(fed: Fed) -> Fed:
        if witness.name in [one.name for one in fed.trusted.known]:
            raise UsageFault(
                f"{witness.name} is a witness already",
                code="witness-known",
                hint="Remove it first: `yinzheng witness remove`.",
            )
        known = (*fed.trusted.known, witness)
        return Fed(replace(fed.trusted, known=known), (*fed.urls, url.rstrip("/")))

    return _change(registry, change, by)


def remove_witness(registry: Registry, name: str, by: Actor) -> Fed:
    """Feed a witness no more. Raises `UsageFault` (`witness-unknown`, `witness-quorum`, and as `admit`)."""

    def change(fed: Fed) -> Fed:
        kept = [(one, url) for one, url in fed.each() if one.name != name]
        if len(kept) == len(fed.urls):
            raise UsageFault(
                f"there is no witness {name}", code="witness-unknown", hint="`yinzheng witness list`"
            )
        known, urls = tuple(one for one, _ in kept), tuple(url for _, url in kept)
        return Fed(replace(fed.trusted, known=known), urls)

    return _change(registry, change, by)


def set_quorum(registry: Registry, quorum: int, by: Actor) -> Fed:
    """Issue nothing whose head fewer witnesses have cosigned; 0: issue without.

    Raises `UsageFault` (`witness-quorum`, and as `admit`).
    """
    return _change(registry, lambda fed: replace(fed, trusted=replace(fed.trusted, quorum=quorum)), by)


def _change(registry: Registry, change: Callable[[Fed], Fed], by: Actor) -> Fed:
    with registry.store.transaction() as session:
        admit(session, by, Office.ADMINISTRATOR)
        fed = change(fed_in(session))
        if not 0 <= fed.trusted.quorum <= len(fed.urls):
            raise UsageFault(
                f"{fed.trusted.quorum} witnesses would be asked for, and there are {len(fed.urls)}",
                code="witness-quorum",
                hint="Name more witnesses, or ask for fewer: `yinzheng witness quorum`.",
            )
        said = canonical.dumps(fed.to_json()).decode()
        repository.write_meta(session, {META: said})
        if fed_in(session) != fed:
            raise DataFault("the witnesses cannot be read back", code="trust-inconsistent")
        acted(registry, session, by, "witnesses", _set(said), "keeping")
    return fed


def require_url(url: str) -> None:
    """Check that a witness's address is https, or http on this machine (`UsageFault` `witness-url`)."""
    try:
        parts = urlsplit(url)
        host, usable = parts.hostname or "", parts.port != 0 and len(url) <= MAX_URL and url.isascii()
        usable &= not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:  # a port or an IPv6 address that is none
        host, usable = "", False
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)) if usable else False
    if not (usable and host and secure):
        raise UsageFault(
            "a witness's address is an https URL, or an http URL on this machine",
            code="witness-url",
            hint="Write the prefix before /add-checkpoint, like https://witness.example/w1.",
        )


def _set(said: str) -> str:
    """The object of the line about witnesses that were named: its SHA-256."""
    return f"witnesses:{sha256(said.encode()).hex()}"
