"""Packs: the same bytes whoever makes them and when; what was chosen disclosed, all of it proved (S14)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import world as w
from tests.ledger.access_lines import lines_of, opened_dossier, said
from tests.ledger.disputes.court import Court, sha256
from tests.ledger.world import actor_of
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.chain.evidence import Prover
from yinzheng.ledger.disputes import packing
from yinzheng.ledger.disputes.plans import Concerned
from yinzheng.ledger.disputes.preserving import Wanted, preserve
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.judge.pack.report import Answer

PROGRAM = """
import sys
from pathlib import Path
from yinzheng.ledger.disputes import packing
from yinzheng.ledger.registry import silent
from tests.ledger.world import Clock, OFFICER, World, actor_of
world = World(Path(sys.argv[1]), Clock(int(sys.argv[2])))
with world.open() as registry:
    by = actor_of(registry, OFFICER)
    packing.build_pack(registry, sys.argv[3], Path(sys.argv[4]), by=by, progress=silent)
"""


def full(court: Court) -> str:
    """A dispute with an item of every kind the registry makes, beside a party's."""
    made = court.made
    id_ = court.open()
    court.world.clock.advance(60)
    opened_dossier(court.registry, made.case)
    court.world.clock.advance(1)
    wanted = Wanted(
        certificates=(made.number,),
        consents=(made.consent,),
        notices=(made.notice.leaf,),
        accesses=((0, court.now),),
        as_of=((made.consent, court.now - 1),),
    )
    preserve(court.registry, id_, wanted, actor_of(court.registry, w.OFFICER))
    settle(court.registry)
    return id_


def test_a_pack_of_everything(court: Court) -> None:
    id_ = full(court)
    data = court.pack(id_).read_bytes()
    report = court.judge(data)
    assert report.verdict is Answer.CONSISTENT, report.faults()
    kinds = [item.item.kind for item in report.items if item.item]
    assert kinds == ["file", "certificate", "consent", "notice", "access_log", "as_of"]
    assert report.opening is not None
    assert report.opening.number == "(2026)粤01民初1号"
    # The report inside is the one that the data give; its PDF is said not to be compared.
    said = [(limit.where, limit.code) for limit in report.limits if limit.code.startswith("report-")]
    assert said == [("report.pdf", "report-not-compared")]


def test_a_pack_waits_for_the_seals_that_any_court_may_insist_on(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a chain of three validators two are a quorum; the court may insist on the third's (D17)."""
    id_ = full(court)

    def of_three(*given: Any) -> Prover:
        return replace(prover(*given), validators=3)

    monkeypatch.setattr(packing, "prover", of_three)
    with pytest.raises(YinzhengError) as caught:
        court.pack(id_)
    assert caught.value.code == "pack-not-final"
    for _ in range(2):
        court.world.clock.advance(60)
        court.clinic.grant()  # another block
        settle(court.registry)
    report = court.judge(court.pack(id_, name="whole").read_bytes())
    assert report.block is not None
    with zipfile.ZipFile(court.world.root.parent / "whole.zip") as pack:
        (chain,) = [name for name in pack.namelist() if name.endswith("chain.json")]
        assert len(json.loads(pack.read(chain))["headers"]) == 3


def test_the_same_bytes_later_and_by_another_process(court: Court) -> None:
    id_ = full(court)
    first = sha256(court.pack(id_))
    court.world.clock.advance(86_400 * 3)
    court.clinic.grant()  # other things happen, blocks are sealed
    assert sha256(court.pack(id_, name="later")) == first
    court.opened.close()
    target = court.world.root.parent / "other.zip"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(court.world.root), str(court.now), id_, str(target)],
        env={**os.environ, "PYTHONHASHSEED": "77", "TZ": "Pacific/Apia"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert sha256(target) == first


def test_disclosing_one_item_and_one_file_of_a_dossier(court: Court) -> None:
    id_ = full(court)
    chosen = packing.Selection(frozenset({3}), ((court.made.number, "sample.txt"),))
    path = court.pack(id_, chosen)
    report = court.judge(path.read_bytes())
    assert report.verdict is Answer.CONSISTENT, report.faults()
    assert (report.withheld, len(report.items), len(report.dossier_files)) == (5, 6, 1)
    with zipfile.ZipFile(path) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
    assert b"sample.txt" in held
    for secret in (b"a contract", b"assessment.txt", "数据来源说明".encode(), "合同.txt".encode()):
        assert secret not in held, secret
    assert said(court.registry)[-1] == (w.OFFICER, "export", "dossier", court.made.case), "as by its own door"


@pytest.mark.parametrize(
    ("selection", "code"),
    [
        (packing.Selection(frozenset({0})), "pack-selection"),
        (packing.Selection(frozenset({7})), "pack-selection"),
        (packing.Selection(None, (("A-2026-000001", "nothing.txt"),)), "pack-selection"),
        (packing.Selection(None, (("A-2026-999999", "sample.txt"),)), "case-unknown"),
    ],
)
def test_choosing_what_is_not_there(court: Court, selection: packing.Selection, code: str) -> None:
    id_ = full(court)
    with w.unchanged(court.registry), pytest.raises(YinzhengError) as caught:
        court.pack(id_, selection)
    assert caught.value.code == code
    assert not list(court.world.root.parent.glob("*.zip*"))


def test_no_file_of_a_case_the_dispute_is_not_about(court: Court) -> None:
    """Named as an item it is evidence of the dispute, and still not what the dispute is about."""
    made = court.made
    id_ = court.open(concerned=Concerned(cases=(made.published,)))
    wanted = Wanted(certificates=(made.number,))
    preserve(court.registry, id_, wanted, actor_of(court.registry, w.OFFICER))
    settle(court.registry)
    for name in (made.number, made.case):
        with w.unchanged(court.registry), pytest.raises(YinzhengError) as caught:
            court.pack(id_, packing.Selection(frozenset(), ((name, "sample.txt"),)))
        assert caught.value.code == "pack-foreign"
        assert name in str(caught.value)
    assert not list(court.world.root.parent.glob("*.zip*"))
    court.pack(id_, packing.Selection(frozenset(), ((made.published, "sample.txt"),)))
    assert said(court.registry)[-1] == (w.OFFICER, "export", "dossier", made.published)


def test_what_is_not_on_the_chain_yet_is_not_packed(court: Court) -> None:
    id_ = court.open(settle=False)
    with pytest.raises(YinzhengError) as caught:
        court.pack(id_)
    assert caught.value.code == "pack-unsettled"
    settle(court.registry)
    court.pack(id_)
    with pytest.raises(YinzhengError) as caught:
        court.pack(id_)
    assert caught.value.code == "pack-exists"


def test_a_pack_after_the_release(court: Court) -> None:
    id_ = full(court)
    court.settle_dispute(id_)
    report = court.judge(court.pack(id_).read_bytes())
    assert report.verdict is Answer.CONSISTENT, report.faults()
    assert report.release is not None


def test_who_made_a_pack_is_written_down(court: Court) -> None:
    id_ = court.open()
    court.pack(id_)
    assert said(court.registry)[-1] == (w.OFFICER, "export", "pack", id_)


def test_whose_consent_a_pack_discloses_finds_it_among_their_lines(court: Court) -> None:
    id_ = court.open()
    wanted = Wanted(consents=(court.made.consent,))
    preserve(court.registry, id_, wanted, actor_of(court.registry, w.OFFICER))
    settle(court.registry)
    court.pack(id_)
    *_, pack, consent = lines_of(court.registry)
    assert (pack.kind, pack.consent) == ("pack", None)
    assert (consent.kind, consent.object, consent.consent) == ("consent", id_, court.made.consent)
    court.pack(id_, packing.Selection(frozenset()), "b")
    assert lines_of(court.registry)[-1].kind == "pack", "nothing of it was disclosed"


@pytest.mark.slow
def test_a_thousand_items(court: Court) -> None:
    offers = [court.offer(b"item %d" % n, title=f"第{n}号") for n in range(1000)]
    id_ = court.open("party", offers)
    report = court.judge(court.pack(id_).read_bytes())
    assert report.verdict is Answer.CONSISTENT, report.faults()[:3]
    assert len(report.items) == 1000
