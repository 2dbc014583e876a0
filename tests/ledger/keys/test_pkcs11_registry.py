"""A registry whose keys lie in a token works as any other, and does nothing with them without it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.access_lines import said
from tests.ledger.keys.softhsm import LABEL, MODULE, PIN, Hsm, needs_softhsm
from tests.ledger.world import PASSPHRASE, Clock, World
from yinzheng.ledger.audit import audit_registry
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.keys.making import TokenPlan, add_to_token
from yinzheng.ledger.keys.pkcs11 import with_token
from yinzheng.ledger.keys.provider import (
    ISSUER,
    KEK,
    LOG_ED25519,
    RELAY,
    KeyProvider,
    is_token_wrapped,
)
from yinzheng.ledger.keys.rewrap import rewrap
from yinzheng.ledger.keys.token_config import FILE, read_config
from yinzheng.ledger.keys.token_config import PIN as PIN_VARIABLE
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.state.creation import create_registry
from yinzheng.ledger.state.faults import NO_FAULTS, Faults, InjectedFault, RaiseAt
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.state.rewrapping import rewrap_registry
from yinzheng.ledger.store.database import open_store
from yinzheng.ledger.store.models import Dossier
from yinzheng.ledger.store.models_consents import Consent, Job, Notice, Organisation
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.judge.report import Authentic

pytestmark = needs_softhsm
ENVIRONMENT = {PIN_VARIABLE: PIN}


def plan(*names: str) -> TokenPlan:
    return TokenPlan(MODULE, LABEL, names, lambda: PIN)


def keys_at(paths: Paths) -> KeyProvider:
    return with_token(w.open_keys(paths), paths.keys, ENVIRONMENT)


@contextmanager
def opened(world: World, faults: Faults = NO_FAULTS) -> Iterator[Registry]:
    with open_registry(world.root, keys_at, clock=world.clock, faults=faults, lock_seconds=0.2) as registry:
        yield registry


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(YinzhengError) as caught:
        action()
    return caught.value.code


def created(root: Path, *names: str) -> World:
    clock = Clock()
    create_registry(
        root, replace(w.plan(), token=plan(*names)), lambda _: PASSPHRASE, w.secret_of, clock, silent
    )
    return World(root, clock)


def moving(world: World, *, to_token: bool, name: str = w.KEEPER) -> dict[str, int]:
    """Wrap every key anew, as somebody asks for it."""
    return rewrap_registry(
        world.root,
        w.open_keys(world.paths),
        ENVIRONMENT,
        to_token=to_token,
        by=w.someone_of(world.paths, name),
        clock=world.clock,
    )


def wrapped(world: World) -> dict[bytes, bytes | None]:
    """Every wrapped key of dossiers and consents by its owner."""
    store = open_store(sqlite_url(world.paths.database))
    try:
        with store.reading() as session:
            rows = [(row.id, row.wrapped_key) for row in session.exec(select(Dossier))]
            rows += [(row.subject, row.wrapped_key) for row in session.exec(select(Consent))]
            return dict(rows)
    finally:
        store.close()


def test_from_application_to_certificate(hsm: Hsm, tmp_path: Path) -> None:
    world = created(tmp_path / "state", KEK, RELAY, LOG_ED25519)
    assert not (world.paths.keys / "kek.json").exists()
    hsm.restart()
    with opened(world) as registry:
        case, number = w.to_deposited(registry, world.clock, tmp_path / "dossier")
        with registry.store.reading() as session:
            (row,) = session.exec(select(Dossier)).all()
            assert len(dossier_key(registry, session, row.id)) == 16
            assert row.wrapped_key is not None
            assert is_token_wrapped(row.wrapped_key)
    assert case.startswith("A-")
    assert world.verify(number).authentic is Authentic.GENUINE
    assert audit_registry(world.root, keys_at, clock=world.clock, progress=silent) == []
    hsm.disconnect()
    assert code_of(lambda: opened(world).__enter__()) == "token-absent"
    hsm.reconnect()
    with opened(world):
        pass


def test_without_its_token_a_dossier_stays_shut_and_nothing_is_half_done(hsm: Hsm, tmp_path: Path) -> None:
    world = created(tmp_path / "state", KEK)
    with opened(world) as registry:
        case = w.apply(registry, tmp_path / "one")
    hsm.disconnect()
    # Whoever opens to write first sees whether an application counts as accepted by now, and reads it.
    assert code_of(lambda: opened(world).__enter__()) == "token-absent"
    hsm.reconnect()
    with opened(world) as registry:
        w.accept(registry, case)
    hsm.disconnect()
    with opened(world) as registry, w.unchanged(registry):  # what needs no key of the token goes on
        with registry.store.reading() as session:
            (row,) = session.exec(select(Dossier)).all()
            assert code_of(lambda: dossier_key(registry, session, row.id)) == "token-absent"
        assert code_of(lambda: w.favourable(registry, case)) == "token-absent"
    (world.paths.keys / FILE).unlink()
    with opened(world) as registry:
        assert code_of(lambda: w.favourable(registry, case)) == "key-missing"


@pytest.mark.parametrize(
    ("name", "code"),
    [(ISSUER, "key-mechanism"), ("validator", "key-secret-needed"), ("nobody", "key-name")],
)
def test_what_the_token_cannot_hold_is_refused_before_anything_is_made(
    hsm: Hsm, tmp_path: Path, name: str, code: str
) -> None:
    assert code_of(lambda: created(tmp_path / "state", KEK, name)) == code
    assert not (tmp_path / "state").exists()
    assert hsm.objects() == []


class TestMovingTheKeyEncryptionKey:
    @pytest.fixture
    def filled(self, world: World, tmp_path: Path) -> World:
        """Two dossiers, many consents, one of them destroyed; all wrapped by the keystore's key."""
        with world.open() as registry:
            for name in ("one", "two"):
                w.apply(registry, tmp_path / name)
            wrapper = registry.keys.wrapper()
            with registry.store.transaction() as session:
                session.add(
                    Organisation(
                        code="12990100DEM0000492", name="测试（虚构）", roles="controller", subject=bytes(32),
                        head=bytes(32), account=None, webhook=None, enrolled_at=0,
                    )
                )  # fmt: skip
                session.flush()
                session.add(
                    Notice(
                        id=1, leaf=bytes(32), subject=bytes(32), controller="12990100DEM0000492",
                        version=1, published_at=0,
                    )
                )  # fmt: skip
                session.flush()
                for number in range(1203):
                    subject = secrets.token_bytes(32)
                    key = None if number == 7 else wrapper.wrap(secrets.token_bytes(16), subject)
                    session.add(
                        Consent(
                            subject=subject, head=secrets.token_bytes(32), notice_id=1, wrapped_key=key,
                            created_at=0,
                        )
                    )  # fmt: skip
        return world

    def test_in_and_out_again(self, hsm: Hsm, filled: World) -> None:
        before, keystore = wrapped(filled), w.open_keys(filled.paths)
        opened_before = self._open(filled, before)
        assert code_of(lambda: moving(filled, to_token=True)) == ("kek-elsewhere")
        add_to_token(filled.paths, keystore, plan(KEK))
        assert self._open(filled, before) == opened_before  # the older key still opens
        moved = moving(filled, to_token=True)
        assert {table: count for table, count in moved.items() if count} == {
            "dossier": 2, "consent": 1202, "access_key": 1,
        }  # fmt: skip
        (filled.paths.keys / "kek.json").unlink()
        inside = wrapped(filled)
        assert all(value is None or is_token_wrapped(value) for value in inside.values())
        assert self._open(filled, inside) == opened_before
        moved = moving(filled, to_token=False)
        assert {table: count for table, count in moved.items() if count} == {
            "dossier": 2, "consent": 1202, "access_key": 1,
        }  # fmt: skip
        after = wrapped(filled)
        assert not any(value is not None and is_token_wrapped(value) for value in after.values())
        hsm.disconnect()
        assert self._open(filled, after) == opened_before
        with filled.open() as registry:  # each time a line, under the month's key that was itself moved
            by = (w.KEEPER, "act", "keys")
            assert said(registry) == [(*by, "kek:token"), (*by, "kek:keystore")]
        assert sum(value is None for value in after.values()) == 1

    def test_all_or_none(self, hsm: Hsm, filled: World) -> None:
        before = wrapped(filled)
        add_to_token(filled.paths, w.open_keys(filled.paths), plan(KEK))
        both = keys_at(filled.paths).wrapper()
        store = open_store(sqlite_url(filled.paths.database), faults=RaiseAt("store.commit.before"))
        try:
            with pytest.raises(InjectedFault), store.transaction() as session:
                rewrap(session, both, both)
        finally:
            store.close()
        assert wrapped(filled) == before
        owner = next(owner for owner, value in before.items() if value is not None)
        store = open_store(sqlite_url(filled.paths.database))
        try:
            with store.transaction() as session:
                if (row := session.get(Consent, owner) or session.get(Dossier, owner)) is not None:
                    row.wrapped_key = bytes(44)
            spoiled = wrapped(filled)
            with pytest.raises(YinzhengError) as broken, store.transaction() as session:
                rewrap(session, both, both)
            assert broken.value.code == "seal-broken"
        finally:
            store.close()
        assert wrapped(filled) == spoiled

    def test_who_administers_alone_does_it(self, hsm: Hsm, filled: World) -> None:
        before = wrapped(filled)
        add_to_token(filled.paths, w.open_keys(filled.paths), plan(KEK))
        code = code_of(lambda: moving(filled, to_token=True, name=w.OFFICER))
        assert code == "administrator-needed"
        assert wrapped(filled) == before

    def test_not_in_the_middle_of_an_import(self, hsm: Hsm, filled: World) -> None:
        before, keystore = wrapped(filled), w.open_keys(filled.paths)
        add_to_token(filled.paths, keystore, plan(KEK))
        store = open_store(sqlite_url(filled.paths.database))
        try:
            with store.transaction() as session:
                session.add(
                    Job(
                        id="00" * 32, code="12990100DEM0000492", sealed=b"seed", total=2, done=1, created_at=0
                    )
                )
        finally:
            store.close()
        assert code_of(lambda: moving(filled, to_token=True)) == ("import-unfinished")
        assert wrapped(filled) == before

    def test_only_keys_nobody_knows_are_made_later(self, hsm: Hsm, world: World) -> None:
        keystore = w.open_keys(world.paths)
        for name in (ISSUER, RELAY):
            assert code_of(lambda name=name: add_to_token(world.paths, keystore, plan(name))) == "key-in-use"  # type: ignore[misc]
        assert code_of(lambda: add_to_token(world.paths, keystore, plan("no name"))) == "key-name"
        assert hsm.objects() == []
        made = add_to_token(world.paths, keystore, plan("new"))
        assert read_config(world.paths.keys) == made
        assert made.serial
        other = TokenPlan(MODULE, "another", (KEK,), lambda: PIN)
        assert code_of(lambda: add_to_token(world.paths, keystore, other)) == "token-another"

    @staticmethod
    def _open(world: World, rows: dict[bytes, bytes | None]) -> dict[bytes, bytes]:
        wrapper = keys_at(world.paths).wrapper()
        return {owner: wrapper.unwrap(value, owner) for owner, value in rows.items() if value is not None}
