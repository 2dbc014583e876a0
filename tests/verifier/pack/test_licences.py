"""What a pack says of a licence is the chain's to say: what gave it, what ended it, and who did (S14.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.bodies import PAIR
from tests.verifier.licences import FORUM, GIVEN, LicenceState, end_json, licence_json
from tests.verifier.pack.pack_files import places
from tests.verifier.pack.pack_world import Dispute, pack_trust, verified
from yinzheng.verifier.formats.licence import (
    Licence,
    ended_statement,
    given_statement,
    parse_licence,
    parse_licence_end,
)
from yinzheng.verifier.judge.pack.report import Answer, PackReport
from yinzheng.verifier.judge.report import Finding, Outcome
from yinzheng.verifier.words import phrases

BODY = parse_licence(licence_json())
BY_COURT = {"ground": "document", "request": None, "forum": FORUM, "document": PAIR}
ENDED_AT = GIVEN + 7 * 86_400


def told(
    end: dict[str, Any] | None = None, given: Licence = BODY, body: bool = True, **chain: Any
) -> Dispute:
    """A released dispute whose pack shows what gave the licence, and with `end` what ended it."""
    more: list[tuple[Any, Any, None]] = [(given_statement(given), given.to_json() if body else None, None)]
    words = LicenceState.of(BODY)
    if end is not None:
        said = parse_licence_end(end_json(**end))
        more.append((ended_statement(said), said.to_json() if body else None, None))
        words.state, words.outcome, words.ended_at = 2, ended_statement(said).leaf_hash, ENDED_AT
        words.ending = 1 if said.ground == "agreed" else 2
    for name, value in chain.items():
        setattr(words, name, value)
    return Dispute(released=True, more=more, licences={BODY.subject: words.words()})


def found(report: PackReport, type_: str = "licence.ended") -> Finding:
    (one,) = [one for one in report.statements if one.packed.statement.type == type_]
    return one.findings[-1]


@pytest.mark.parametrize("end", [None, {}, BY_COURT])
def test_what_the_chain_says_too_is_proved(end: dict[str, Any] | None) -> None:
    report = verified(told(end).pack())
    for type_ in ("licence.given", "licence.ended")[: 1 if end is None else 2]:
        assert (found(report, type_).number, found(report, type_).code) == (9, "ok")
    assert report.verdict is Answer.CONSISTENT


@pytest.mark.parametrize(
    ("type_", "end", "chain", "code"),
    [
        ("licence.ended", {}, {"ending": 2}, "licence-end-differs"),
        ("licence.ended", BY_COURT, {"ending": 1}, "licence-end-differs"),
        ("licence.ended", {}, {"ending": 3}, "licence-layout"),
        ("licence.given", {}, {"licensee": bytes(31) + b"\1"}, "licence-terms-differ"),
        ("licence.given", {}, {"licensor": bytes(31) + b"\1"}, "licence-terms-differ"),
        ("licence.given", {}, {"certificate": bytes(31) + b"\1"}, "licence-terms-differ"),
        ("licence.given", {}, {"rights": 1}, "licence-terms-differ"),
        ("licence.given", {}, {"acts": 1}, "licence-terms-differ"),
        ("licence.given", {}, {"territory": 1}, "licence-terms-differ"),
        ("licence.given", {}, {"exclusive": 1}, "licence-terms-differ"),
        ("licence.given", {}, {"valid_from": GIVEN + 1}, "licence-terms-differ"),
        ("licence.given", {}, {"valid_until": GIVEN + 2}, "licence-terms-differ"),
    ],
)
def test_what_the_chain_says_otherwise_is_named(
    type_: str, end: dict[str, Any], chain: dict[str, Any], code: str
) -> None:
    report = verified(told(end, **chain).pack())
    finding = found(report, type_)
    assert (finding.number, finding.code) == (9, code)
    assert phrases.reason(finding).zh
    assert any(where.startswith("statements/") and (n, c) == (9, code) for where, n, c in places(report))
    assert report.verdict is Answer.INCONSISTENT


@pytest.mark.parametrize(
    ("type_", "dispute", "code"),
    [
        # The contracts refused it, or it is invented: the chain's licence names another.
        ("licence.ended", told({}, outcome=b"\7" * 32), "licence-unnamed"),
        ("licence.ended", told({}, state=1, outcome=bytes(32), ended_at=0, ending=0), "licence-unnamed"),
        ("licence.given", told(statement=b"\7" * 32), "licence-unnamed"),
        ("licence.given", told(body=False), "withheld"),
        ("licence.given", Dispute(released=True, more=told().more), "evidence-not-given"),
    ],
)
def test_what_is_not_proved_is_not_disproved(type_: str, dispute: Dispute, code: str) -> None:
    report = verified(dispute.pack())
    finding = found(report, type_)
    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, code)
    assert report.verdict is Answer.CONSISTENT


def test_a_licence_that_the_chain_has_not() -> None:
    dispute = told()
    dispute.licences = {BODY.subject: [0] * 7}
    assert found(verified(dispute.pack()), "licence.given").code == "licence-unnamed"


def test_a_policy_that_pins_no_such_contract() -> None:
    trust = pack_trust(lambda policy: policy["chain"]["contracts"].pop("moves"))
    finding = found(verified(told().pack(), trust), "licence.given")
    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "moves-not-pinned")


def test_an_end_that_an_earlier_version_wrote_is_no_forgery() -> None:
    """Contracts of before ADR 56 kept no reason of an end."""
    report = verified(told({}, ending=0).pack())
    assert found(report).code == "licence-earlier"
    assert report.verdict is not Answer.INCONSISTENT
