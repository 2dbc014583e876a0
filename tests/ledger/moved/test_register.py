"""The register finds by number, organisation and asset, gives ten at most, and lists nobody (R50)."""

from __future__ import annotations

import pytest
from sqlmodel import col, delete

from tests.ledger.organisations.enrolling import HOSPITAL, LAB
from tests.ledger.world import APPLICANT, World, to_deposited
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.store import register
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_register import RegisterEntry, RegisterHolder
from yinzheng.ledger.store.register import MOST, search
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.judge.report import Status

CODE, NAME = str(APPLICANT["code"]), str(APPLICANT["name"])


def test_a_deposited_certificate_is_found(world: World) -> None:
    with world.open() as registry:
        _, number = to_deposited(registry, world.clock, world.root.parent / "dossier")
    now = world.clock.now
    with open_reader(world.root, world.clock) as reader:
        for asked in (
            number,
            number.lower(),
            APPLICANT["code"],
            APPLICANT["name"],
            "医疗随访",
            " 医疗随访数据 ",
        ):
            found = reader.register(asked or "", now)
            assert [line.body.number for line in found.lines] == [number], asked
            assert found.lines[0].status is Status.IN_FORCE
            assert not found.more
        late = reader.register(number, now + 10 * 366 * 86_400)
        assert late.lines[0].status is Status.EXPIRED
        for nothing in ("SJ4412026099999", LAB, "没有这样的", "%%%%", "____", NAME[:5]):
            assert reader.register(nothing, now).lines == [], nothing
        for short in ("", "医疗随", "abc", "  医疗  ", "\0\0\0\0", "医\0\0\0"):
            with pytest.raises(UsageFault) as raised:
                reader.register(short, now)
            assert raised.value.code == "register-short"
        with pytest.raises(UsageFault) as raised:
            reader.register("长" * 101, now)
        assert raised.value.code == "register-long"


def test_ten_at_most_and_no_way_on(world: World) -> None:
    with world.open() as registry:
        _, number = to_deposited(registry, world.clock, world.root.parent / "dossier")
        store: Store = registry.store
        with store.transaction() as session:
            row = session.get_one(Certificate, number)
            for at in range(12):
                copy = {**row.model_dump(), "number": f"SJ44120261000{at + 10}", "subject": bytes([at]) * 32}
                session.add(Certificate(**copy))
                session.flush()
                session.add(RegisterEntry(number=copy["number"], asset="同名的 ICU 数据资产"))
                session.add(RegisterHolder(number=copy["number"], code=HOSPITAL, name="同一机构"))
        for asked in ("同名的 icu", "ICU 数据", HOSPITAL, "同一机构"):  # in capitals or not, on any database
            with store.reading() as session:
                found = search(session, asked)
            assert (len(found.bodies), found.more) == (MOST, True)
        with store.transaction() as session:
            session.exec(delete(RegisterEntry).where(col(RegisterEntry.number) == number))
            session.exec(delete(RegisterHolder).where(col(RegisterHolder.number) == number))
            row = session.get_one(Certificate, number)
            register.enter(session, row)
            register.enter(session, row)
            assert [body.number for body in search(session, number).bodies] == [number]
