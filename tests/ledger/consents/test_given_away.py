"""A use told in words that a notice has for something else gives itself away (R26, R28, S19.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.consent_world import HOSPITAL, LAB, ConsentWorld
from tests.ledger.consents.test_uncovered import PURPOSES, granted_to, next_version
from tests.ledger.consents.test_uses import by, listed, told
from tests.verifier import bodies
from yinzheng.ledger.consents.notices import publish_notice
from yinzheng.ledger.consents.uses import record_use

INSURING = {**PURPOSES[0], "scope": "insurance", "purpose": "核保定价"}
SHARED = {**bodies.recipient(), "use": "联合研究与定价"}


@pytest.fixture
def old(clinic: ConsentWorld) -> bytes:
    """Someone who said yes to the base scope and to the institute."""
    return granted_to(clinic, clinic.notice, clinic.notice_body, 1)[0]


def covered(clinic: ConsentWorld, subject: bytes, code: str = HOSPITAL, **changes: Any) -> bool | None:
    use = told(subject, clinic.registry.clock(), **changes)
    return record_use(clinic.registry, use, by(code)).covered


def test_a_purpose_of_one_scope_is_not_told_under_another(clinic: ConsentWorld, old: bytes) -> None:
    """Its own notice's already: what was never answered does not come in by the scope that was."""
    assert covered(clinic, old, purpose="合作研究") is False
    assert covered(clinic, old, purpose="本院临床研究", scope="third_party_research", code=LAB) is False
    assert covered(clinic, old, purpose="合作研究", scope="third_party_research", code=LAB) is True
    assert covered(clinic, old) is True
    assert [use.under for use in listed(clinic.registry, old)] == [None] * 4


def test_a_purpose_that_came_is_not_told_under_another_scope(clinic: ConsentWorld, old: bytes) -> None:
    """With the version or without: the wider part is in a scope that nobody was asked for."""
    second, _ = next_version(clinic.registry, clinic.notice, purposes=[*PURPOSES, INSURING])
    said = {"purpose": INSURING["purpose"]}
    assert covered(clinic, old, **said) is False
    assert covered(clinic, old, notice=second.leaf, **said) is False
    assert covered(clinic, old, notice=clinic.notice.leaf, **said) is False
    assert covered(clinic, old, notice=second.leaf) is True, "another purpose, in the same scope as ever"
    later = second.leaf.hex()
    assert [use.under for use in listed(clinic.registry, old)] == [later] * 4


def test_what_a_version_gives_a_recipient_more_is_known_by_its_use(clinic: ConsentWorld, old: bytes) -> None:
    next_version(clinic.registry, clinic.notice, recipients=[SHARED])
    lab = {"scope": "third_party_research", "code": LAB}
    assert covered(clinic, old, purpose=SHARED["use"], **lab) is False
    assert covered(clinic, old, purpose=bodies.recipient()["use"], **lab) is True
    assert covered(clinic, old, purpose=SHARED["use"]) is True, "the institute's words, not the hospital's"


def test_a_purpose_that_went_is_not_told_under_the_version_without_it(clinic: ConsentWorld) -> None:
    """Whoever agreed to less than others before."""
    less = [{**PURPOSES[0], "purpose": "质量控制"}, PURPOSES[1]]
    second, body = next_version(clinic.registry, clinic.notice, purposes=less)
    (new,) = granted_to(clinic, second, body, 2)
    assert covered(clinic, new) is False
    assert covered(clinic, new, purpose="质量控制") is True
    assert [use.under for use in listed(clinic.registry, new)] == [clinic.notice.leaf.hex(), None]


def test_a_notice_that_begins_anew_is_no_way_around_the_versions(clinic: ConsentWorld, old: bytes) -> None:
    """A fork: the wider purpose stands in a first version of its own, and no consent is to that."""
    fork = {**clinic.notice_body, "purposes": [*PURPOSES, {**PURPOSES[0], "purpose": "药物警戒研究"}]}
    apart = publish_notice(clinic.registry, fork, HOSPITAL)
    (new,) = granted_to(clinic, apart, fork, 3)
    assert covered(clinic, old, purpose="药物警戒研究") is False
    assert covered(clinic, new, purpose="药物警戒研究") is True
    assert covered(clinic, old) is True
    assert [use.under for use in listed(clinic.registry, old)] == [None, None], "it is no version of theirs"
