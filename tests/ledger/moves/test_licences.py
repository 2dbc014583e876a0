"""A licence from the joint request to the chain, and its end (R4, R5, D16)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, YEAR, Parties, parties_of, settled
from tests.ledger.world import World, state_of, unchanged
from yinzheng.ledger.certificates import held
from yinzheng.ledger.chain.records_moves import LicenceState
from yinzheng.ledger.document.forms import write_documents
from yinzheng.ledger.erasure.burial import forget_files
from yinzheng.ledger.erasure.targets import find_target
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.rules.destruction import TargetKind
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_moves import Licence, MoveParty
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.containers.voucherfile import parse_voucher_file
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.shortcode import short_code
from yinzheng.verifier.judge.licence.verify import verify_voucher
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.log.statement import certificate_subject, licence_subject


def test_nothing_is_given_that_the_certificates_limits_forbid(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        with registry.store.transaction() as session:
            row = session.get_one(Certificate, parties.number)
            row.body = dumps(
                {**json.loads(row.body), "limits": "不得向第三方提供，禁止转让，不得用于商业用途"}
            )
        for request in (
            parties.licence(acts=["process", "provide"]),
            parties.licence(purposes="商业保险定价"),
            parties.transfer("use"),
        ):
            with unchanged(registry), pytest.raises(YinzhengError) as caught:
                parties.reviewed(request)
            assert caught.value.code == "limits-forbid"
        assert parties.reviewed(parties.licence())


def licence_number(parties: Parties, case: str) -> str:
    with parties.registry.store.reading() as session:
        return session.exec(select(Licence.number).where(Licence.case_id == case)).one()


def test_a_licence_is_given_and_ended_by_both(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.licence()
        case = parties.reviewed(request)
        shown = parties.prepare(case)
        assert [one.statement.type for one in shown.stated] == ["licence.given"]
        assert parties.sign(case, FIRM, request).missing == (f"holder {HOSPITAL}",)
        assert parties.sign(case, HOSPITAL, request).missing == ()
        settle(registry)
        number = licence_number(parties, case)
        assert state_of(registry, case) == "recorded"
        given = registry.client.licence(licence_subject(number))
        assert given is not None
        assert given.statement == shown.stated[0].statement.leaf_hash
        assert (given.state, given.certificate) == (LicenceState.GIVEN, certificate_subject(parties.number))
        assert registry.client.record(given.certificate).status.name == "IN_FORCE"  # type: ignore[union-attr]

        assert voucher(world, number, tmp_path / "given") == ("in_force", 0, None)

        roles = ((HOSPITAL, "licensor"), (FIRM, "licensee"))
        end = parties.signed(
            parties.request("licence_end", {"licence": number, "reasons": "协商一致"}, roles)
        )
        assert state_of(registry, parties.done(end)) == "recorded"
        given = registry.client.licence(licence_subject(number))
        assert given is not None
        assert given.state is LicenceState.ENDED
        require_retention(parties, case)
    assert voucher(world, number, tmp_path / "ended") == ("ended", 1, "agreed")
    assert world.audit() == []


def require_retention(parties: Parties, case: str) -> None:
    """Once it is recorded its retention runs (R42), and its destruction takes the parties' rows too."""
    with pytest.raises(InterruptedError), parties.registry.store.transaction() as session:
        target = find_target(session, TargetKind.CASE, case)
        assert target.kept_until is not None
        forget_files(session, target)
        assert session.exec(select(MoveParty).where(MoveParty.case_id == case)).first() is None
        raise InterruptedError


def voucher(world: World, number: str, folder: Path) -> tuple[str, int, str | None]:
    """Its documents as the registry hands them out: how all of them stand, and on which ground it ended."""
    found = set()
    with open_reader(world.root, world.clock) as reader:
        trust, now = reader.trust(), world.clock()
        written = write_documents(reader, number, folder)
        assert [path.suffix for path in written] == [".json", ".pdf", ".png"]
        for path in written:
            shown = read_target(path.read_bytes(), name=path.name)
            for live in (reader, None) if path.suffix != ".png" else (reader,):
                report = verify_voucher(shown, trust, now=now, live=live)
                assert report.authentic is Authentic.GENUINE, report.findings
                assert {finding.outcome for finding in report.findings} == {Outcome.VALID}
                ground = None if report.end is None else report.end.ground
                found.add((str(report.status), report.exit_code, ground))
                qr = parse_voucher_file(shown.file).qr if shown.file else shown.qr or ""
        report = verify_voucher(read_target(short_code(qr)), trust, now=now, live=reader)
        found.add((str(report.status), report.exit_code, None if report.end is None else report.end.ground))
        assert reader.voucher("L-2026-009999") is None
    (one,) = found
    return one


def refused(parties: Parties, request: JointRequest) -> str:
    with unchanged(parties.registry), pytest.raises(YinzhengError) as caught:
        parties.receive(request)
    return caught.value.code


def test_what_no_licence_may_be(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        now = world.clock.now
        assert refused(parties, parties.licence(FIRM, INSTITUTE)) == "rights-not-held"
        assert refused(parties, parties.licence(ends=now + 10 * YEAR)) == "licence-term"
        assert refused(parties, parties.licence(begins=now - 2 * 86_400)) == "licence-term"
        assert refused(parties, parties.licence(ends=now - 1)) == "licence-term"
        stale = parties.licence()
        parties.receive(stale)
        assert refused(parties, stale) == "request-taken"
        elsewhere = parties.signed(
            parties.request(
                "licence",
                stale.request.terms.to_json(),
                ((HOSPITAL, "licensor"), (FIRM, "licensee")),
                registry=INSTITUTE,
            )
        )
        assert refused(parties, elsewhere) == "request-registry"
        unknown = parties.licence()
        parties.members[FIRM].key = parties.members[INSTITUTE].key
        assert refused(parties, parties.licence()) == "request-key"
        assert unknown.request.certificate.number == parties.number


def test_an_exclusive_licence_bars_what_comes_later(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        waiting = parties.licence(licensee=INSTITUTE)
        case = parties.reviewed(waiting)
        parties.prepare(case)
        parties.done(parties.licence(exclusive=True))
        assert refused(parties, parties.licence(licensee=INSTITUTE)) == "exclusive-overlaps"
        with unchanged(registry), pytest.raises(YinzhengError) as caught:
            parties.sign(case, INSTITUTE, waiting)
        assert caught.value.code == "exclusive-overlaps"
        parties.done(parties.licence(licensee=INSTITUTE, territory=["45"]))
    assert world.audit() == []


def test_a_licence_under_the_national_rules_is_no_registration(
    production_template: World, tmp_path: Path
) -> None:
    world = production_template.copy(tmp_path / "state")
    with world.open() as registry:
        parties = settled(world, registry, tmp_path / "d", profile="NDA-2026/1")
        case = parties.done(parties.licence())
        assert licence_body(parties, case)["registration"] is False
    assert world.audit() == []


def licence_body(parties: Parties, case: str) -> Any:
    with parties.registry.store.reading() as session:
        return json.loads(session.exec(select(Licence.body).where(Licence.case_id == case)).one())


def test_beside_a_right_the_newest_licences_are_named_and_older_ones_said_to_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One right may bear thousands, and each is asked of the chain (issue 9: no scan)."""

    def told(parties: Parties) -> tuple[list[str], bool]:
        ((right,), _) = held.rights_of(parties.registry, HOSPITAL, None)
        return [one.number for one in right.licences], right.more_licences

    with world.open() as registry:
        parties = parties_of(world, registry)
        numbers = [licence_number(parties, parties.done(parties.licence())) for _ in range(3)]
        assert told(parties) == (numbers[::-1], False)
        monkeypatch.setattr(held, "MOST_NAMED", 2)
        assert told(parties) == (numbers[:0:-1], True)
        monkeypatch.setattr(held, "LOOKED_AT", 1)
        assert told(parties) == (numbers[2:], True)
