"""One file out of a registered dossier, shown to belong to it (S10.8), from the sealed event to its bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.cases import deciding, intake
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.sealed import SealedValue, open_file
from yinzheng.verifier.bytes.canonical import JSON, dumps
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.dossier import check_disclosure, committed, disclose, parse_disclosure
from yinzheng.verifier.log.statement import Statement, verify_body


def opened(registry: Registry, case: str, kind: str) -> tuple[Event, JSON, bytes]:
    with registry.store.reading() as session:
        found = repository.find_case(session, case)
        seal = SealedValue(dossier_key(registry, session, found.dossier_id))
        (event,) = [e for e in repository.events_of_case(session, case) if e.type == kind]
        body, secret = open_event(seal, event.sealed, event.leaf_hash)
    assert secret is not None
    return event, body, secret


def test_each_file_of_a_registered_dossier(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier")
        settle(registry)
        event, body, secret = opened(registry, case, "application.received")
        statement = Statement.from_bytes(event.statement)
        form = committed(body)
        with registry.store.reading() as session:
            found = repository.find_case(session, case)
            key = dossier_key(registry, session, found.dossier_id)
            files = repository.files_of(session, found.dossier_id)
        assert len(files) > 1
        for index, file in enumerate(files):
            shown = parse_disclosure(json.loads(dumps(disclose(body, index).to_json())))
            entry = check_disclosure(statement, secret, form, shown)
            entry.check_content(open_file(registry.blobs, key, file.dossier_id, file.number, file.blob))
    assert world.audit() == []


def test_a_supplement_has_a_seed_of_its_own(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier")
        deciding.request_supplement(registry, case, actor_of(registry, OFFICER), ["补充评估报告"])
        intake.supplement(registry, case, tmp_path / "dossier", silent)
        settle(registry)
        _, first, _ = opened(registry, case, "application.received")
        event, second, secret = opened(registry, case, "supplement.given")
        statement = Statement.from_bytes(event.statement)
        shown = disclose(second, 0)
        assert check_disclosure(statement, secret, committed(second), shown) == disclose(first, 0).entry
        assert disclose(first, 0).salt != shown.salt
    assert world.audit() == []


def test_the_sealed_body_itself_is_not_what_is_committed(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier")
        event, body, secret = opened(registry, case, "application.received")
        statement = Statement.from_bytes(event.statement)
        verify_body(statement, dumps(committed(body)), secret)
        with pytest.raises(DataFault) as caught:
            verify_body(statement, dumps(body), secret)
        assert caught.value.code == "commitment"
