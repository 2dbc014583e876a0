"""What a withdrawal covers and who may file it (R31, R32)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier import bodies
from yinzheng.ledger.rules.consent import Scope
from yinzheng.ledger.rules.extent import (
    EVERYTHING,
    EXEMPT_REASON,
    Cut,
    Extent,
    Filing,
    Grant,
    InForce,
    Way,
    check_filing,
    duties,
    owing,
    withdraw,
)
from yinzheng.ledger.rules.terms import InformationRoute
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats import withdrawal as bodies_of
from yinzheng.verifier.formats.consent import Consent, parse_consent

A, D = InformationRoute.ANONYMISED, InformationRoute.DEIDENTIFIED
LAB, SHOP = bodies.LAB, bodies.INSURER
RESEARCH, THIRD, TRADE, AI = (
    Scope.BASE,
    Scope.THIRD_PARTY_RESEARCH,
    Scope.COMMERCIAL_USE,
    Scope.DIAGNOSTIC_AI,
)
FORCE = InForce(
    frozenset({RESEARCH, THIRD, TRADE, AI}),
    frozenset({Grant(LAB, THIRD, D), Grant(LAB, TRADE, A), Grant(SHOP, TRADE, A), Grant(LAB, AI, D)}),
)


def granted(consent: Consent) -> InForce:
    """What a consent granted, before any withdrawal: each yes, and nothing that was left unset."""
    given = bodies_of.granted(consent)
    grants = frozenset(Grant(g.code, Scope(g.scope), InformationRoute(g.route)) for g in given.grants)
    return InForce(frozenset(map(Scope, given.scopes)), grants)


def test_granted_is_each_yes_alone() -> None:
    body = bodies.consent(base=True, third_party_research=True, insurance=False)
    unset = {**bodies.recipient(SHOP, "base"), "answer": None}
    body["recipients"] += [unset, {**unset, "code": bodies.HOSPITAL, "answer": False}]
    assert granted(parse_consent(body)) == InForce(
        frozenset({RESEARCH, THIRD}), frozenset({Grant(LAB, THIRD, D)})
    )


def test_a_scope_goes_with_its_recipients() -> None:
    cut = withdraw(FORCE, Extent(scopes=frozenset({TRADE})))
    assert cut.taken.grants == {Grant(LAB, TRADE, A), Grant(SHOP, TRADE, A)}
    assert cut.remains.scopes == {RESEARCH, THIRD, AI}
    assert cut.remains.grants == {Grant(LAB, THIRD, D), Grant(LAB, AI, D)}
    # Anonymised data is exempt from destruction, so nobody but the controller owes a receipt.
    assert owing(cut) == frozenset()
    assert [d.code for d in duties(cut)] == [SHOP, LAB]
    assert all(d.exempt == {TRADE} and not d.owes_receipt for d in duties(cut))
    assert duties(cut)[1].keeps == {THIRD, AI}
    assert EXEMPT_REASON.zh
    assert EXEMPT_REASON.en


def test_a_recipient_goes_from_all_its_scopes() -> None:
    cut = withdraw(FORCE, Extent(recipients=frozenset({LAB})))
    assert cut.remains == InForce(FORCE.scopes, frozenset({Grant(SHOP, TRADE, A)}))
    (duty,) = duties(cut)
    assert duty.code == LAB
    assert duty.exempt == {TRADE}
    assert not duty.keeps
    assert duty.destroy == {THIRD, AI}
    assert owing(cut) == {LAB}


@pytest.mark.parametrize(
    ("extent", "code"),
    [
        (Extent(), "withdrawal-empty"),
        (Extent(True, frozenset({TRADE})), "withdrawal-empty"),
        (Extent(scopes=frozenset({Scope.INSURANCE})), "withdrawal-not-in-force"),
        (Extent(recipients=frozenset({bodies.HOSPITAL})), "withdrawal-not-in-force"),
    ],
)
def test_refused(extent: Extent, code: str) -> None:
    with pytest.raises(UsageFault) as refused:
        withdraw(FORCE, extent)
    assert refused.value.code == code


def test_nothing_is_withdrawn_twice() -> None:
    for extent in (EVERYTHING, Extent(scopes=frozenset({TRADE})), Extent(recipients=frozenset({SHOP}))):
        once = withdraw(FORCE, extent)
        with pytest.raises(UsageFault) as refused:
            withdraw(once.remains, extent)
        assert refused.value.code == "withdrawal-not-in-force"


GRANTS = st.builds(
    Grant, st.sampled_from([LAB, SHOP, bodies.HOSPITAL]), st.sampled_from(Scope), st.sampled_from([A, D])
)


@given(st.sets(st.sampled_from(Scope)), st.sets(GRANTS, max_size=12), st.data())
def test_parts_leave_the_rest_in_force(scopes: set[Scope], grants: set[Grant], data: st.DataObject) -> None:
    start = now = InForce(frozenset(scopes), frozenset(g for g in grants if g.scope in scopes))
    cuts: list[Cut] = []
    for _ in range(4):
        extent = Extent(
            scopes=frozenset(data.draw(st.sets(st.sampled_from(Scope), max_size=2))),
            recipients=frozenset(data.draw(st.sets(st.sampled_from([LAB, SHOP]), max_size=1))),
        )
        try:
            cut = withdraw(now, extent)
        except UsageFault:
            continue
        assert cut.remains.scopes == now.scopes - extent.scopes
        assert all(
            g.scope not in extent.scopes and g.code not in extent.recipients for g in cut.remains.grants
        )
        touched = {code for duty in duties(cut) for code in [duty.code] if duty.destroy or duty.exempt}
        assert touched == {g.code for g in cut.taken.grants}
        for grant in cut.taken.grants:
            assert grant not in cut.remains.grants
        cuts.append(cut)
        now = cut.remains
    taken = InForce(
        frozenset().union(*(cut.taken.scopes for cut in cuts)),
        frozenset().union(*(cut.taken.grants for cut in cuts)),
    )
    assert (taken.scopes | now.scopes, taken.grants | now.grants) == (start.scopes, start.grants)
    assert not taken.scopes & now.scopes
    assert not taken.grants & now.grants


def body(born: str = "1980-01-01", **changes: Any) -> Any:
    value = bodies.consent() | changes
    value["person"] |= {"born": born}
    return parse_consent(value)


CHILD = "2015-06-01"


@pytest.mark.parametrize(
    ("filing", "born", "guarded", "code"),
    [
        (Filing(Way.RECEIPT, receipt_proved=True), "1980-01-01", False, ""),
        (Filing(Way.RECEIPT, receipt_proved=True), CHILD, True, ""),
        (Filing(Way.RECEIPT), "1980-01-01", False, "withdrawal-receipt"),
        (Filing(Way.GUARDIAN, receipt_proved=True), CHILD, True, ""),
        (Filing(Way.GUARDIAN), CHILD, True, "withdrawal-receipt"),
        (Filing(Way.GUARDIAN, receipt_proved=True), CHILD, False, "withdrawal-guardian"),
        (Filing(Way.GUARDIAN, receipt_proved=True), "1980-01-01", True, "withdrawal-guardian"),
        (Filing(Way.COUNTER, identity_checked=True), "1980-01-01", False, ""),
        (Filing(Way.COUNTER), "1980-01-01", False, "withdrawal-identity"),
        (Filing(Way.CONTROLLER, False, True, bodies.HOSPITAL), "1980-01-01", False, ""),
        (Filing(Way.CONTROLLER, False, False, bodies.HOSPITAL), "1980-01-01", False, "withdrawal-identity"),
        (Filing(Way.CONTROLLER, False, True, bodies.LAB), "1980-01-01", False, "withdrawal-controller"),
    ],
)
def test_who_may_file(filing: Filing, born: str, guarded: bool, code: str) -> None:
    consent = body(born, guardian=bodies.guardian() if guarded else None)
    if not code:
        check_filing(filing, consent, bodies.NOW)
        return
    with pytest.raises(UsageFault) as refused:
        check_filing(filing, consent, bodies.NOW)
    assert refused.value.code == code
    assert consent.person.born == born
