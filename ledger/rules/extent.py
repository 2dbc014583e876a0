"""What a withdrawal covers (R31), who may file it, what recipients then owe (R32), what remains in force.

All of it, a scope, or a recipient. It is not retroactive: what was done before stays lawful.
"""

from dataclasses import dataclass
from enum import StrEnum

from yinzheng.ledger.rules.consent import SCOPE_RULES, Scope, age_group_of
from yinzheng.ledger.rules.terms import InformationRoute, Label
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.consent import IDENTITY_PROOFS, Consent, RecipientAnswer


@dataclass(frozen=True, slots=True)
class Grant:
    """One recipient's part in one scope, and in what form it gets the data."""

    code: str
    scope: Scope
    route: InformationRoute


@dataclass(frozen=True, slots=True)
class InForce:
    """What of a consent holds: the scopes, and the recipients in them."""

    scopes: frozenset[Scope]
    grants: frozenset[Grant]


@dataclass(frozen=True, slots=True)
class Extent:
    """What is taken back: everything, or these scopes and these recipients (credit codes)."""

    everything: bool = False
    scopes: frozenset[Scope] = frozenset()
    recipients: frozenset[str] = frozenset()


EVERYTHING = Extent(everything=True)


def _grant(answer: RecipientAnswer) -> Grant:
    return Grant(answer.code, Scope(answer.scope), InformationRoute(answer.route))


@dataclass(frozen=True, slots=True)
class Cut:
    """A withdrawal applied: what it takes, and what remains in force."""

    taken: InForce
    remains: InForce


def withdraw(before: InForce, extent: Extent) -> Cut:
    """Take `extent` out of what is in force.

    A scope goes with all its recipients. A scope that lives by its recipients (R26) stays granted when the
    last one goes, and gives nobody anything.

    Raises:
        UsageFault: `withdrawal-empty` (it names nothing, or everything and a part), `withdrawal-not-in-force`
            (a scope or recipient was never granted, or was withdrawn before).
    """
    part = bool(extent.scopes or extent.recipients)
    if extent.everything == part:
        raise UsageFault(
            "Say what is withdrawn: everything, or which scopes and recipients (R31).",
            code="withdrawal-empty",
            hint="With everything both lists are empty; without it one of them is not.",
        )
    if extent.everything:
        if not before.scopes and not before.grants:
            raise _not_in_force()
        return Cut(before, InForce(frozenset(), frozenset()))
    codes = {grant.code for grant in before.grants}
    if not (extent.scopes <= before.scopes and extent.recipients <= codes):
        raise _not_in_force()
    grants = frozenset(g for g in before.grants if g.scope in extent.scopes or g.code in extent.recipients)
    return Cut(InForce(extent.scopes, grants), InForce(before.scopes - extent.scopes, before.grants - grants))


def _not_in_force() -> UsageFault:
    return UsageFault(
        "What is to be withdrawn was never granted, or has been withdrawn already.",
        code="withdrawal-not-in-force",
        hint="Look at what is in force, and name scopes and recipients from it.",
    )


@dataclass(frozen=True, slots=True)
class Duty:
    """What one recipient owes: copies destroyed for `destroy`; none for `exempt`; `keeps` stays lawful."""

    code: str
    destroy: frozenset[Scope]
    exempt: frozenset[Scope]
    keeps: frozenset[Scope]

    @property
    def owes_receipt(self) -> bool:
        """Tell whether completion awaits this recipient's receipt (R35)."""
        return bool(self.destroy)


EXEMPT_REASON = Label(
    "已匿名化，无法复原或关联到个人，不适用销毁（仍不得再接收新数据）",
    "anonymised data that cannot be linked back is exempt from destruction; no new data may be received",
)
"""Why a recipient need not destroy (R32)."""


def duties(cut: Cut) -> tuple[Duty, ...]:
    """List what each recipient owes, by credit code; the controller's own duty stands besides (R32)."""
    found = []
    for code in sorted({grant.code for grant in cut.taken.grants}):
        mine = [grant for grant in cut.taken.grants if grant.code == code]
        exempt = frozenset(g.scope for g in mine if g.route is InformationRoute.ANONYMISED)
        keeps = frozenset(g.scope for g in cut.remains.grants if g.code == code)
        found.append(Duty(code, frozenset(g.scope for g in mine) - exempt, exempt, keeps))
    return tuple(found)


def owing(cut: Cut) -> frozenset[str]:
    """Give the credit codes whose receipts completion awaits, besides the controller's."""
    return frozenset(duty.code for duty in duties(cut) if duty.owes_receipt)


def covers(
    scopes: frozenset[Scope],
    named: frozenset[tuple[str, Scope]],
    scope: Scope,
    code: str,
    *,
    controller: bool,
) -> bool:
    """Tell whether what is in force covers a use under `scope` by the organisation `code` (R26, R30).

    A recipient uses what it was named for. The controller uses what was granted, but for what goes to
    recipients by name alone.
    """
    if scope not in scopes:
        return False
    return (code, scope) in named or (controller and not SCOPE_RULES[scope].needs_recipient)


class Way(StrEnum):
    """How a withdrawal reaches us (R31)."""

    RECEIPT = "receipt"
    GUARDIAN = "guardian"
    COUNTER = "counter"
    CONTROLLER = "controller"


@dataclass(frozen=True, slots=True)
class Filing:
    """What came with a withdrawal.

    `receipt_proved`: the consent's own receipt was shown, with all that it asks for. `identity_checked`: an
    officer or the controller compared the person's document. `controller` is the credit code of a controller
    that files.
    """

    way: Way
    receipt_proved: bool = False
    identity_checked: bool = False
    controller: str = ""


def check_filing(filing: Filing, consent: Consent, now: int) -> None:
    """Check that who files may: the receipt's holder, a minor's guardian, or a counter (R31).

    Raises:
        UsageFault: `withdrawal-receipt` (none, or another consent's), `withdrawal-guardian` (the person is
            of age, or has no guardian in this consent), `withdrawal-identity`, `withdrawal-controller`.
    """
    if filing.way in (Way.RECEIPT, Way.GUARDIAN):
        if not filing.receipt_proved:
            raise UsageFault(
                "This receipt does not belong to this consent.",
                code="withdrawal-receipt",
                hint="Show the receipt of this consent, or withdraw at a counter with an identity document.",
            )
        if filing.way is Way.GUARDIAN:
            check_guardian(consent, now)
        return
    if not filing.identity_checked:
        raise UsageFault(
            "Nobody checked who withdraws.",
            code="withdrawal-identity",
            hint="Compare a document of identity; ask for nothing more than was asked for consenting (R31).",
        )
    if filing.way is Way.CONTROLLER and filing.controller != consent.controller.code:
        raise UsageFault(
            "This consent was given to another controller.",
            code="withdrawal-controller",
            hint="The patient may use the receipt anywhere; without it, the controller of the consent helps.",
        )


def check_identity(document: str) -> None:
    """Check that a document seen at a counter is one of identity (S10.3); else `withdrawal-identity`."""
    if document not in IDENTITY_PROOFS:
        raise UsageFault(
            "This is no document of identity.",
            code="withdrawal-identity",
            hint=f"One of: {', '.join(IDENTITY_PROOFS)}.",
        )


def check_guardian(consent: Consent, now: int) -> None:
    """Check that a guardian may act for the person now: a minor still, with a guardian in this consent (R29).

    Raises `UsageFault` `withdrawal-guardian`.
    """
    if consent.guardian is None or not age_group_of(consent, now).is_minor:
        raise UsageFault(
            "The person is of age, or this consent has no guardian.",
            code="withdrawal-guardian",
            hint="The person withdraws with the receipt; the guardian may go to a counter.",
        )
