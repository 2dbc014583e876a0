"""Consents, a withdrawal and a dispute on a real PostgreSQL: upserts and bulk paths, then a clean audit."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import func, select

from tests.ledger import consent_world as cw
from tests.ledger.disputes.court import COURT, FORUM, Court, Template, address
from tests.ledger.organisations.enrolling import Member, check_request
from tests.ledger.withdrawals import clinic
from tests.ledger.world import (
    KEEPER,
    OFFICER,
    PASSPHRASE,
    Clock,
    World,
    actor_of,
    open_keys,
    plan,
    secret_of,
    someone_of,
)
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents import importing as bulk
from yinzheng.ledger.consents.batches import Batch, grant_batches
from yinzheng.ledger.consents.uncovered import Place, uncovered_of
from yinzheng.ledger.consents.uses import Told, record_use
from yinzheng.ledger.disputes.plans import Concerned
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state.backup import make_backup
from yinzheng.ledger.state.creation import create_registry
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.state.restore import restore
from yinzheng.ledger.store.models_consents import Answer, Consent, Job, Nonce, Withdrawal
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import Received, Request, sign_request


@pytest.fixture
def world(postgres: str, tmp_path: Path) -> World:
    """A registry whose database is a new one on the server."""
    name = "rights_" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    clock = Clock()
    on_server = replace(plan(), database_url=postgres.replace("/postgres?", f"/{name}?"))
    create_registry(tmp_path / "state", on_server, lambda _folder: PASSPHRASE, secret_of, clock, silent)
    return World(tmp_path / "state", clock)


def test_from_enrolment_to_a_clean_audit(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        assert registry.store.dialect == "postgresql"
        made = cw.ConsentWorld(registry, **clinic.NOTICE)
        bench = clinic.Clinic(world, registry, made.notice, made.digest)

        # A signed request is taken once, a batch answered once.
        body = dumps(bench.body(5))
        key = cw.KEYS[cw.HOSPITAL]
        asked = Request(
            registry=registry.instance.registry_id,
            org=cw.HOSPITAL,
            key=key_id(key.public_key.point),
            method="POST",
            path="/org/v1/consents",
            body=digest_pair(body),
            at=registry.clock(),
            nonce=secrets.token_bytes(16),
        )
        token = sign_request(asked, key)
        received = Received(asked.registry, "POST", asked.path, asked.body, registry.clock())
        check_request(registry.store, token, received, lambda _org: None)
        with pytest.raises(DataFault) as replayed:
            check_request(registry.store, token, received, lambda _org: None)
        assert replayed.value.code == "request-replayed"
        once = Batch(cw.HOSPITAL, secrets.token_bytes(16), body, [bench.body(5)])
        (first,) = grant_batches(registry, [once])
        assert grant_batches(registry, [once]) == [first]

        # One by one, and two hundred from a file, one line of which is none.
        held, withdrawn = bench.grant(), bench.grant()
        lines = [dumps(bench.body(number)) for number in range(10, 210)]
        file = tmp_path / "consents.ndjson"
        file.write_bytes(b"\n".join([*lines, b"{}"]) + b"\n")
        done = bulk.import_consents(
            registry, file, cw.HOSPITAL, progress=silent, results=tmp_path / "results"
        )
        assert (done.recorded, done.rejected) == (200, 1)
        settle(registry)
        told = Told(withdrawn, registry.clock(), "研究", "信息科", "third_party_research", "consent", None)
        assert record_use(registry, told, Reader.of_organisation(cw.LAB, bytes(8))).covered

        # Withdrawn and destroyed everywhere.
        id_ = bench.file(withdrawn)
        bench.complete(id_)
        settle(registry)
        assert bench.types(withdrawn)[-1] == "completed"

        # A wider version: the two hundred and two that are in force do not cover it.
        wider = {**clinic.NOTICE, "version": 2, "replaces": made.notice.leaf.hex(), "retention_months": 1200}
        by, after = Reader.of_organisation(cw.HOSPITAL, bytes(8)), Place(1)
        leaf = cw.publish(registry, **wider).leaf
        (group,) = uncovered_of(registry, leaf, by, None).groups
        assert len(set(group.subjects)) == 202
        assert withdrawn not in group.subjects
        assert uncovered_of(registry, leaf, by, after).groups == (group,)
        last = Place(1, registry.clock(), group.subjects[-1])
        assert uncovered_of(registry, leaf, by, last).groups == ()

        # Disputed, held, settled.
        cw.enrol_one(registry, cw.CLINIC, "party")
        forum = Member(COURT, ("forum",), "某市中级人民法院", address(FORUM))
        enrolment.enrol(
            registry,
            forum.enrolment(registry.clock()),
            actor_of(registry, OFFICER),
            administrator=actor_of(registry, KEEPER),
        )
        settle(registry)
        court = Court(world, registry, Template(world, "", "", "", held, made.notice, made.digest))
        dispute = court.open(concerned=Concerned((), (), (held,)))
        court.add(dispute, court.offer(b"more"))
        waiting = bench.file(held)
        bench.freeze(waiting)
        pack = court.pack(dispute)
        assert str(court.judge(pack.read_bytes()).verdict) == "consistent"
        court.settle_dispute(dispute)
        bench.confirm(waiting, cw.LAB, cw.HOSPITAL)
        settle(registry)

        with registry.store.reading() as session:
            counts = {
                table: session.exec(select(func.count()).select_from(table)).one()
                for table in (Answer, Consent, Dispute, Job, Nonce, Withdrawal)
            }
        assert counts == {Answer: 1, Consent: 203, Dispute: 1, Job: 1, Nonce: 1, Withdrawal: 2}
    assert [str(finding) for finding in world.audit()] == []
    assert json.loads((tmp_path / "results").read_text().splitlines()[-1])["line"] == 201


def test_a_backup_of_a_server_restored_to_a_file_and_to_a_server(
    world: World, postgres: str, tmp_path: Path
) -> None:
    with world.open() as registry:
        made = cw.ConsentWorld(registry, **clinic.NOTICE)
        subject = clinic.Clinic(world, registry, made.notice, made.digest).grant()
        settle(registry)
        with registry.store.reading() as session:
            wrapped = session.get_one(Consent, subject).wrapped_key or b""
        backup = make_backup(registry, tmp_path / "b", tmp_path / "keys", silent)
    held = [path for path in backup.folder.rglob("*") if path.is_file() and wrapped in path.read_bytes()]
    assert held == []

    name = "restored_" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    for url in (None, postgres.replace("/postgres?", f"/{name}?")):
        root = tmp_path / f"restored-{url is None}"
        done = restore(
            backup.folder,
            backup.key_file,
            root,
            world.clock,
            keys=open_keys,
            by=someone_of(world.paths),
            keystore=world.paths.keys,
            database_url=url,
        )
        assert done.opened == done.living == done.keys >= 1
        assert Paths(root).database.exists() == (url is None)
        again = World(root, world.clock)
        with again.open() as registry:
            assert registry.store.dialect == ("sqlite" if url is None else "postgresql")
            with registry.store.reading() as session:
                assert session.get_one(Consent, subject).wrapped_key == wrapped
            # Numbers go on where they were.
            bench = clinic.Clinic(again, registry, made.notice, made.digest)
            bench.granted = 77  # another patient
            second = bench.grant()
            assert second != subject
            settle(registry)
        assert [str(finding) for finding in again.audit()] == []
    with pytest.raises(UsageFault) as refused:
        restore(
            backup.folder,
            backup.key_file,
            tmp_path / "third",
            world.clock,
            keys=open_keys,
            by=someone_of(world.paths),
            keystore=world.paths.keys,
            database_url=url,
        )
    assert refused.value.code == "database-in-use"
