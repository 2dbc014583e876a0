"""How long a registry keeps what, by its own table, within what the law asks (R42)."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.access_lines import said
from tests.ledger.world import KEEPER, World, actor_of
from yinzheng.ledger.cases import deciding
from yinzheng.ledger.erasure.periods import periods_in, set_periods
from yinzheng.ledger.erasure.targets import find_target
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.destruction import TargetKind
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.retention import PERIODS, RecordKind, months_after
from yinzheng.ledger.store import repository
from yinzheng.verifier.errors import DataFault


def test_a_case_is_kept_by_the_registrys_own_table(world: World, tmp_path: Path) -> None:
    file = tmp_path / "periods.json"
    file.write_text(json.dumps({"registration_file": 25 * 12}))
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier")
        officer = actor_of(registry, w.OFFICER)
        deciding.refuse(registry, case, officer, next(iter(Ground)), "不符合条件。")
        ended = registry.clock()

        def until() -> int | None:
            with registry.store.reading() as session:
                return find_target(session, TargetKind.CASE, case).kept_until

        assert until() == months_after(ended, 30 * 12)
        set_periods(registry, file, actor_of(registry, KEEPER))
        assert until() == months_after(ended, 25 * 12)


def test_setting_them_is_a_line_and_an_edited_table_is_named(world: World, tmp_path: Path) -> None:
    file = tmp_path / "periods.json"
    file.write_text(json.dumps({"registration_file": 25 * 12}))
    with world.open() as registry:
        set_periods(registry, file, actor_of(registry, KEEPER))
        who, action, kind, table = said(registry)[-1]
        assert (who, action, kind) == (KEEPER, "act", "retention")
        assert table == "periods:" + hashlib.sha256(b'{"registration_file":300}').hexdigest()
        settle(registry)
    assert world.codes() == set()
    with closing(sqlite3.connect(world.paths.database)) as connection, connection:
        connection.execute("UPDATE meta SET value = replace(value, '300', '360') WHERE key = 'retention'")
    assert world.codes() == {"retention-altered"}
    with closing(sqlite3.connect(world.paths.database)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE key = 'retention'")
    assert world.codes() == {"retention-altered"}


def test_an_edited_table_goes_no_lower_than_the_law(world: World) -> None:
    with world.open() as registry:
        with registry.store.reading() as session:
            assert periods_in(session) == PERIODS
        with registry.store.transaction() as session:
            repository.write_meta(session, {"retention": '{"registration_file":1}'})
        with registry.store.reading() as session, pytest.raises(DataFault) as refused:
            periods_in(session)
    assert refused.value.code == "retention-period"
    assert PERIODS[RecordKind.REGISTRATION_FILE].months == 360
