"""An application's dossier destroyed: files, names and reasons; its certificate's public record stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger import world as tw
from tests.ledger.erasure import ward as w
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import OFFICER, actor_of
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.erasure.overview import destructible
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import Method, TargetKind
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Dossier
from yinzheng.verifier.errors import DataFault, UsageFault


def _propose(registry: Registry, case: str, ground: str) -> str:
    return proposing.propose(
        registry, TargetKind.CASE, case, ground, Method.OVERWRITE, actor_of(registry, OFFICER)
    )


def test_a_dossier_is_destroyed_with_its_files(ward: Ward, tmp_path: Path) -> None:
    with ward.open() as registry:
        case, number = tw.to_deposited(registry, ward.world.clock, tmp_path / "one")
        running = tw.to_publicity(registry, tmp_path / "two")
        with registry.store.reading() as session:
            row = repository.find_case(session, case)
            wrapped = session.get_one(Dossier, row.dossier_id).wrapped_key
            files = repository.files_of(session, row.dossier_id)
            events = repository.events_of_case(session, case)
        assert wrapped is not None
        assert files
        needles = {f"sealed {event.id}": event.sealed[:48] for event in events}
        needles |= {f"manifest {file.number}": file.manifest for file in files} | {"key": wrapped}
        blobs = {file.blob for file in files}
        assert blobs <= set(registry.blobs.names())

        with pytest.raises(UsageFault) as refused:
            _propose(registry, case, "retention_ended")
        assert refused.value.code == "destruction-blocked"
        with pytest.raises(UsageFault) as refused:
            _propose(registry, running, "court")
        assert refused.value.code == "erasure-running"

        id_ = _propose(registry, case, "court")
        w.sign_all(registry, id_)
        erase(registry, id_, actor_of(registry, w.OPERATOR))
        settle(registry)
        assert not blobs & set(registry.blobs.names())
        with registry.store.reading() as session:
            assert repository.files_of(session, row.dossier_id) == []
        with pytest.raises(DataFault) as gone, work_on(registry, case):
            pass
        assert gone.value.code == "dossier-destroyed"
    assert w.holding(ward.world.root, needles) == set()
    assert ward.world.codes() == set()
    assert ward.world.verify(number).exit_code == 0


def test_thirty_years_after_its_end_a_dossier_may_go(ward: Ward, tmp_path: Path) -> None:
    with ward.open() as registry:
        case, _ = tw.to_deposited(registry, ward.world.clock, tmp_path / "one")
        ward.world.clock.advance(30 * 366 * 86_400)
        listed = [one.reference for one in destructible(registry)]
        assert case not in listed  # thirty years from the end of its validity, which was three years
        ward.world.clock.advance(4 * 366 * 86_400)
        assert case in [one.reference for one in destructible(registry)]
        _propose(registry, case, "retention_ended")
