"""Registries to measure on: the demonstration's, with one certificate, made in a folder that goes again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from yinzheng.ledger.demonstration.certificates import (
    MEMBER,
    OFFICER,
    PLAN,
    demonstrate,
    demonstration_keys,
)
from yinzheng.ledger.flow.clock import LEAP
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.people.keyring import make_demonstration_passphrase
from yinzheng.ledger.registry import Clock, Registry, silent, wall_clock
from yinzheng.ledger.state.creation import create_registry
from yinzheng.ledger.state.instance import read_instance

__all__ = ["MEMBER", "OFFICER", "Site", "make_site", "opened"]

EXAMPLE = Path("examples/dossiers/chronic-follow-up")
_SCRYPT_N = 2**10
"""Guessing at the passphrase of a registry that lives for minutes may be cheap."""


@dataclass(frozen=True, slots=True)
class Site:
    """A state folder and, where it has a certificate, its documents."""

    state: Path
    certificate: bytes = b""
    trust: bytes = b""
    pdf: bytes = b""

    @property
    def registry(self) -> bytes:
        """Which registry it is, in what is signed to it (S11.1)."""
        return read_instance(self.state)[1].registry_id


def make_site(
    folder: Path, *, certified: bool = False, demonstration: bool = True, clock: Clock = wall_clock
) -> Site:
    """Create a registry under `folder`; with `certified`, take one dossier all the way.

    Not a demonstration's, consents given one by one wait for company before they enter the log (R49).
    """
    state, out = folder / "state", folder / "out"
    plan = replace(PLAN, scrypt_n=_SCRYPT_N, demonstration=demonstration)
    create_registry(
        state,
        plan,
        lambda f: create_passphrase_file(f / PASSPHRASE),
        make_demonstration_passphrase,
        clock,
        silent,
    )
    if not certified:
        return Site(state)
    shutil.copytree(EXAMPLE, folder / "dossiers" / EXAMPLE.name)
    shown = demonstrate(state, out, folder / "dossiers", clock=wall_clock, progress=silent)
    (number,) = shown.numbers
    certificate, pdf = ((out / f"{number}.{kind}").read_bytes() for kind in ("json", "pdf"))
    return Site(state, certificate, (out / "trust.json").read_bytes(), pdf)


@contextmanager
def opened(site: Site, clock: Clock = wall_clock) -> Iterator[Registry]:
    """Open the registry for writing; by another `clock`, which may leap, as one that was put back."""
    leap = LEAP if clock is wall_clock else None
    with open_registry(site.state, demonstration_keys, clock=clock, leap=leap) as registry:
        yield registry
