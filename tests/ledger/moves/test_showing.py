"""What whoever is not concerned learns of a case: one answer, in the same words (S15.9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, settled
from tests.ledger.world import World
from yinzheng.ledger.cases.showing import shown_move
from yinzheng.ledger.store.models import Case, Dossier
from yinzheng.verifier.errors import YinzhengError


def test_strangers_are_told_one_thing_of_every_case(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        parties = settled(world, registry, tmp_path / "d")
        case = parties.receive(parties.transfer("use"))
        with registry.store.reading() as session:
            first = session.get_one(Case, case).id.replace("000002", "000001")
            assert session.get_one(Case, first).type == "first"

        def told(reference: str, code: str) -> tuple[str, str, str]:
            with pytest.raises(YinzhengError) as caught:
                shown_move(registry, reference, code)
            return caught.value.code, caught.value.message, caught.value.hint

        before = {told(one, INSTITUTE) for one in (case, first, "A-2026-999999")}
        assert {code for code, _, _ in before} == {"case-unknown"}
        assert shown_move(registry, case, FIRM).case == case
        with registry.store.transaction() as session:
            for reference in (case, first):
                dossier = session.get_one(Dossier, session.get_one(Case, reference).dossier_id)
                dossier.wrapped_key = None
        after = {told(one, code) for one in (case, first) for code in (INSTITUTE, HOSPITAL)}
        assert before == after
        assert len(before) == 1
