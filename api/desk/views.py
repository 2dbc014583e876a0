"""What the desk answers about a withdrawal, as JSON (S15.4). Times: UTC seconds; words in both languages."""

from __future__ import annotations

from yinzheng.ledger.rules.terms import Label
from yinzheng.ledger.withdrawals.progress import Answer, Fact, Progress, Restriction
from yinzheng.ledger.withdrawals.reach import SILENCES
from yinzheng.verifier.bytes.canonical import JSON


def progress_view(progress: Progress) -> dict[str, JSON]:
    """Everything, for who may see it: the receipt's holder and the controller."""
    return {
        "withdrawal": progress.id.hex(),
        "consent": progress.consent.hex(),
        "serial": progress.serial,
        "state": progress.state.value,
        "words": label_view(progress.words),
        "received_at": progress.received_at,
        "destroy_by": progress.destroy_by,
        "freeze_by": progress.freeze_by,
        "frozen_at": progress.frozen_at,
        "overdue_since": progress.overdue_since,
        "awaits_guardian": progress.awaits_guardian,
        "uploaded_at": progress.uploaded_at,
        "held": progress.held,
        "minor": progress.minor,
        "genetic": progress.genetic,
        "ethics_at": progress.ethics_at,
        "answers": [_answer(one) for one in progress.answers],
        "taken": progress.taken.to_json(),
        "remains": progress.remains.to_json(),
        "restriction": None if progress.restriction is None else _restriction(progress.restriction),
        "completed_at": progress.completed_at,
        "late": progress.late,
        "contract": progress.contract.hex(),
        "facts": [_fact(one) for one in progress.facts],
    }


def label_view(label: Label) -> dict[str, JSON]:
    """Words in both languages."""
    return {"zh": label.zh, "en": label.en}


def _answer(one: Answer) -> JSON:
    return {
        "code": one.code,
        "name": one.name,
        "duty": one.duty,
        "told_at": one.told_at,
        "not_told": None
        if one.silence is None
        else {"reason": one.silence.value, **label_view(SILENCES[one.silence])},
        "given_at": one.given_at,
        "late": one.late,
        "exempt": None if one.exempt is None else label_view(one.exempt),
    }


def _restriction(one: Restriction) -> JSON:
    return {
        "ground": label_view(one.ground),
        "law": one.law,
        "reference": one.reference,
        "kept": [kept.to_json() for kept in one.kept],
        "until": one.until,
        "in_force": one.in_force,
    }


def _fact(one: Fact) -> JSON:
    return {
        "what": one.what,
        "block": one.block,
        "transaction": None if one.transaction is None else one.transaction.hex(),
    }
