"""An organisation's own folder: which of its keys signs (R41)."""

from __future__ import annotations

from pathlib import Path

import pytest

from yinzheng.api.org.member import ORG_VARIABLE, Member, create_member, read_profile
from yinzheng.verifier.errors import UsageFault

NOW = 1_796_000_000
TERM = 365 * 86_400
DAY = 86_400


@pytest.fixture
def member(tmp_path: Path) -> Member:
    made, _ = create_member(
        tmp_path / "org",
        {ORG_VARIABLE: "correct horse battery staple"},
        code="91350100M000100Y43",
        name="某机构（虚构）",
        roles=("controller",),
        account=False,
        now=NOW,
        term=TERM,
    )
    return made


def test_a_key_that_is_lost_before_it_begins_leaves_the_one_before_its_time(member: Member) -> None:
    first = member.profile.keys[0]
    second, _ = member.make_key(NOW + DAY, NOW + DAY + TERM)
    member.keep([first, second])
    member.end_key(second.kid.hex(), NOW)
    assert member.current(NOW)[0].kid == first.kid
    assert read_profile(member.folder) == member.profile
    with pytest.raises(UsageFault) as caught:  # then the ledger lets nothing more sign
        member.current(NOW + DAY)
    assert caught.value.code == "org-key-none"


def test_a_key_that_is_lost_is_not_followed_by_the_one_it_replaced(member: Member) -> None:
    first = member.profile.keys[0]
    second, _ = member.make_key(NOW + DAY, NOW + DAY + TERM)
    member.keep([first, second])
    member.end_key(second.kid.hex(), NOW + 2 * DAY)
    with pytest.raises(UsageFault) as caught:
        member.current(NOW + 2 * DAY)
    assert caught.value.code == "org-key-none"
