"""Keys over time: rotation, loss, compromise, and which signatures stand (R41)."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier import bodies
from yinzheng.ledger.rules.organisations import Role, require_role
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.key_history import (
    End,
    HeldKey,
    enrolled,
    fold,
    key_at,
    revoked,
    rotated,
)
from yinzheng.verifier.formats.organisation import (
    REASONS,
    ROLES,
    KeyGrant,
    Revocation,
    Rotation,
    parse_enrolment,
    parse_revocation,
    parse_rotation,
    prove_succession,
)

NOW, DAY = bodies.NOW, bodies.DAY
OLD = bodies.GRANT.kid
NEW = bodies.NEXT_GRANT.kid
KEYS = enrolled(parse_enrolment(bodies.enrolment()))
ROTATION = parse_rotation(bodies.rotation())
BOTH = rotated(KEYS, ROTATION)


def code(call: object, *args: object) -> str:
    with pytest.raises(YinzhengError) as refused:
        call(*args)  # type: ignore[operator]
    return refused.value.code


def test_words_are_those_of_the_format() -> None:
    assert sorted(Role) == list(ROLES)
    assert set(REASONS) < set(End)
    require_role(("controller",), Role.CONTROLLER)
    with pytest.raises(UsageFault):
        require_role(("controller",), Role.FORUM)


@pytest.mark.parametrize(
    ("instant", "kid"),
    [
        (NOW - 1, None),
        (NOW, OLD),
        (NOW + 100 * DAY - 1, OLD),
        (NOW + 100 * DAY, NEW),
        (NOW + 465 * DAY - 1, NEW),
        (NOW + 465 * DAY, None),
    ],
)
def test_key_at(instant: int, kid: bytes | None) -> None:
    key = key_at(BOTH, instant)
    assert (None if key is None else key.kid) == kid
    for other in (OLD, NEW):
        assert stands(BOTH, other, instant) is (other == kid)


def stands(keys: Sequence[HeldKey], kid: bytes, stamped_at: int) -> bool:
    """Whether a signature by that key counts, given when the ledger first saw it."""
    held = key_at(keys, stamped_at)
    return held is not None and held.kid == kid


def test_rotation() -> None:
    assert [(key.kid, key.end) for key in BOTH] == [(OLD, End.ROTATED), (NEW, End.EXPIRED)]
    unsigned = replace(ROTATION, succession=None)
    assert code(rotated, KEYS, unsigned) == "key-succession"
    assert code(rotated, BOTH, ROTATION) == "key-not-last"
    assert code(rotated, KEYS, replace(ROTATION, rotated_at=ROTATION.grant.not_after)) == "key-overlap"
    assert code(rotated, KEYS, replace(ROTATION, grant=replace(ROTATION.grant, code="x"))) == "key-code"
    back = replace(ROTATION, replaces=NEW, grant=bodies.GRANT)
    assert code(rotated, BOTH, back) == "key-known"


@pytest.mark.parametrize("late", [1, 3, 40 * DAY])
def test_a_rotation_told_late_begins_when_it_was_told(late: int) -> None:
    """A slow line, a clock that lags, a file that waited on a desk: nothing signed meanwhile is undone."""
    told = ROTATION.grant.not_before + late
    old, new = rotated(KEYS, replace(ROTATION, rotated_at=told))
    assert (old.ends_at, new.begins_at) == (told, told)
    assert stands((old, new), OLD, told - 1)
    assert not stands((old, new), NEW, told - 1)
    assert stands((old, new), NEW, told)


@pytest.mark.parametrize("reason", REASONS)
def test_what_was_stamped_before_stands(reason: str) -> None:
    keys = revoked(KEYS, parse_revocation(bodies.revocation(reason)))
    told = NOW + 10 * DAY
    assert stands(keys, OLD, told - 1)
    assert not stands(keys, OLD, told)
    assert key_at(keys, told) is None
    assert keys[0].end == reason


def test_after_a_loss_an_officer_binds_the_next_key() -> None:
    lost = revoked(KEYS, parse_revocation(bodies.revocation("lost")))
    unsigned = replace(ROTATION, succession=None)
    keys = rotated(lost, unsigned)
    assert [(key.kid, key.end) for key in keys] == [(OLD, End.LOST), (NEW, End.EXPIRED)]
    assert keys[0].ends_at == NOW + 10 * DAY
    early = replace(unsigned.grant, not_before=NOW + 9 * DAY)
    assert code(rotated, lost, replace(unsigned, grant=early, rotated_at=NOW + 8 * DAY)) == "key-overlap"


def test_after_expiry_there_may_be_a_gap() -> None:
    late = KeyGrant(bodies.HOSPITAL, ROTATION.grant.key, NOW + 400 * DAY, NOW + 500 * DAY)
    body = Rotation(OLD, late, bytes(64), None, NOW + 399 * DAY)
    keys = rotated(KEYS, body)
    assert key_at(keys, NOW + 390 * DAY) is None
    assert keys[0] == KEYS[0]


def test_an_old_key_may_turn_out_to_have_been_compromised() -> None:
    keys = revoked(BOTH, parse_revocation(bodies.revocation()))
    assert [(key.kid, key.end) for key in keys] == [(OLD, End.COMPROMISED), (NEW, End.EXPIRED)]
    earlier = revoked(keys, parse_revocation(bodies.revocation(since=NOW + DAY)))
    assert earlier[0].ends_at == NOW + DAY
    assert code(revoked, earlier, parse_revocation(bodies.revocation())) == "key-ended"
    from_the_start = revoked(KEYS, parse_revocation(bodies.revocation(since=NOW - DAY)))
    assert key_at(from_the_start, NOW) is None


def test_revoking_what_is_not_there() -> None:
    body = parse_revocation(bodies.revocation())
    assert code(revoked, KEYS, replace(body, kid=bytes(8))) == "key-unknown"
    assert code(revoked, KEYS, replace(body, code=bodies.LAB)) == "key-code"


SECRETS = [Sm2PrivateKey(1000 + i) for i in range(4)]
POINTS = [secret.public_key.point for secret in SECRETS]


@given(st.data())
def test_no_walk_gives_two_keys_at_once(data: st.DataObject) -> None:
    """Whatever is rotated and revoked, times never overlap, and an end only ever moves earlier."""
    now, used = NOW, 1
    keys: tuple[HeldKey, ...] = (
        HeldKey(KeyGrant(bodies.HOSPITAL, POINTS[0], now, now + 900), now, now + 900),
    )
    for _ in range(8):
        now += data.draw(st.integers(0, 300))
        before = {key.kid: key.ends_at for key in keys}
        try:
            if data.draw(st.booleans()) and used < len(POINTS):
                begins = now + data.draw(st.integers(-50, 200))
                grant = KeyGrant(bodies.HOSPITAL, POINTS[used], begins, begins + 900)
                signature = prove_succession(grant, SECRETS[used - 1])
                keys = rotated(keys, Rotation(keys[-1].kid, grant, bytes(64), signature, now))
                used += 1
            else:
                kid = data.draw(st.sampled_from(keys)).kid
                since = now - data.draw(st.integers(0, 400))
                keys = revoked(keys, Revocation(bodies.HOSPITAL, kid, "lost", since, now))
        except (UsageFault, DataFault):
            continue
        for key in keys:
            assert key.ends_at <= before.get(key.kid, key.ends_at)
        for one, next_ in pairwise(keys):
            assert one.ends_at <= next_.begins_at
        instant = data.draw(st.integers(NOW, now + 900))
        assert sum(key.holds_at(instant) for key in keys) == (key_at(keys, instant) is not None)


def test_statements_are_folded_in_their_order() -> None:
    told = [("organisation.enrolled", bodies.enrolment()), ("organisation.key-rotated", bodies.rotation())]
    assert fold(told) == BOTH
    strange = [[("notice.published", {}), *told], [*told, ("notice.published", bodies.revocation())]]
    assert fold([*told, ("organisation.key-revoked", bodies.revocation())]) != BOTH
    for broken in (told[1:], told + told[:1], told + told[1:], *strange):
        with pytest.raises(DataFault) as refused:
            fold(broken)
        assert refused.value.code in ("key-history", "key-known")
