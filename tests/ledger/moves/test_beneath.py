"""A licence is as good as the registration its right rests on by now, however often that has moved (S9.7)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from tests.ledger.moves.parties import FIRM, INSTITUTE, Parties, parties_of
from tests.ledger.moves.test_licences import licence_number, voucher
from tests.ledger.moves.test_transfers import bodies
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.certificates import held, remarks
from yinzheng.ledger.certificates.held import licences_of
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.judge.asof.look import as_of
from yinzheng.verifier.judge.licence.verify import verify_voucher

GONE = {"ground": "data_gone", "summary": "数据已灭失"}


def licence_cells(world: World, number: str, licence: str, *instants: int) -> tuple[object, ...]:
    with open_reader(world.root, world.clock) as reader:
        file = reader.certificate_file(number)
        assert file is not None
        view = as_of(
            read_target(file), reader.trust(), now=world.clock.now, instants=instants, live=reader.live()
        )
        with reader._store.reading() as session:
            subject = session.exec(select(Licence.subject).where(Licence.number == licence)).one()
    (row,) = [one for one in view.rows if (one.what, one.of) == ("licence", subject.hex())]
    return row.cells


@pytest.mark.parametrize("part", [False, True])
def test_a_sale_leaves_it_and_the_cancellation_of_what_followed_does_not(
    world: World, tmp_path: Path, part: bool
) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = parties.done(parties.licence(licensee=INSTITUTE))
        licence = licence_number(parties, case)
        world.clock.advance(60)
        sold = parties.done(parties.transfer("use") if part else parties.transfer("hold", "use", "operate"))
        passed = bodies(parties, sold)[0].number
        world.clock.advance(60)
        before = world.clock.now
        assert voucher(world, licence, tmp_path / "sold") == ("in_force", 0, None)
        buyer: Parties = parties.take(passed)
        again = buyer.done(
            buyer.transfer("use", frm=FIRM, to=INSTITUTE)
            if part
            else buyer.of_holders(
                "change", {"changes": {"asset": "更名"}, "ground": "entry", "summary": "更正"}, FIRM
            )
        )
        last = bodies(buyer, again)[0].number
        assert voucher(world, licence, tmp_path / "again") == ("in_force", 0, None)
        assert [str(one.status) for one in licences_of(registry, INSTITUTE, None)[0]] == ["in_force"]
        assert licence_cells(world, parties.number, licence, before) == ("in_force", "in_force")
        holder = INSTITUTE if part else FIRM
        owner = parties.take(last)
        owner.done(owner.of_holders("cancellation", GONE, holder))
        ((told,), _) = licences_of(registry, INSTITUTE, None)
        assert (told.body.number, str(told.status)) == (licence, "certificate_cancelled")
    assert voucher(world, licence, tmp_path / "cancelled") == ("certificate_cancelled", 3, None)
    cells = licence_cells(world, parties.number, licence, before)
    assert cells == ("in_force", "certificate_cancelled")
    assert world.audit() == []


def test_a_line_longer_than_is_followed_leaves_the_list_open_and_not_in_force(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        parties.done(parties.licence(licensee=INSTITUTE))
        parties.done(parties.transfer("use"))
        monkeypatch.setattr(held, "MOST_FOLLOWED", 3)
        assert [str(one.status) for one in licences_of(registry, INSTITUTE, None)[0]] == ["in_force"]
        monkeypatch.setattr(held, "MOST_FOLLOWED", 2)  # three certificates
        assert [str(one.status) for one in licences_of(registry, INSTITUTE, None)[0]] == ["undetermined"]


def test_a_seizure_of_what_followed_is_minded(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        licence = licence_number(parties, parties.done(parties.licence(licensee=INSTITUTE)))
        passed = bodies(parties, parties.done(parties.transfer("use")))[0].number
        ordered = Grounds("查封", digest_pair(b"order"), "(2026)粤01执1号")
        remarks.enter(registry, passed, RemarkKind.SEIZURE, ordered, actor_of(registry, OFFICER))
        settle(registry)
    with open_reader(world.root, world.clock) as reader:
        file = reader.voucher_file(licence)
        assert file is not None
        for live in (reader.live(), None):
            report = verify_voucher(read_target(file), reader.trust(), now=world.clock.now, live=live)
            assert (report.standing, report.attention) == ("attention", ("seizure",))
