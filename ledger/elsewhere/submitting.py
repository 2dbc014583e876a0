"""Carrying out what a person decided and signed on a machine of their own (S18, R47).

Where the contracts want an approval, what is to be approved depends on what the registry adds: the instant,
the statement before, a fresh secret. So the decision is rehearsed first, undone, and its message handed back;
with the approval it comes again, and is carried out at the prepared instant, with the prepared secret. If
anything came between, the message is another one, and is handed back once more.
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from yinzheng.ledger.cases import deciding, issuing, objections, publicity
from yinzheng.ledger.certificates import objecting, remarks
from yinzheng.ledger.chain.approvals import plain
from yinzheng.ledger.dossiers.checklist import parse_checklist
from yinzheng.ledger.people.acting import Actor, authenticate_decision
from yinzheng.ledger.people.decisions import Content, SignedDecision, ToBeSigned
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.terms import Procedure, RemarkKind
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import (
    Check,
    boolean,
    integer,
    list_of,
    nullable,
    object_of,
    one_of,
    text,
)
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import is_number

PREPARED_LASTS: Final = 3_600
"""Seconds in which a prepared message is signed and comes back."""
_SEED_BYTES: Final = 32
_ASSOCIATED: Final = b"yinzheng/decision-prepared/1"

_REASONS: Final[Check[Any]] = text(0, 4000)
_GROUNDS: Final[Mapping[str, Check[Any]]] = {
    "text": text(0, 200),
    "document": nullable(DigestPair.from_json),
    "reference": nullable(text(1, 200)),
}
"""What a remark or its lifting says and rests on (S10.11)."""
_PREPARED: Final[Check[Any]] = object_of({"at": integer(0), "seed": text(64, 64, r"[0-9a-f]+")})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a decision: it was carried out, or there is something to sign first."""

    done: bool
    prepared: bytes | None = None
    """To be sent back with the approval; the registry's own to open."""
    message: Any = None
    """The EIP-712 message to approve (S5.5); bytes are `0x` and hex."""
    content: Content | None = None
    """What it is about, from which the signer makes the message again."""
    by_letter: tuple[str, ...] = ()
    """Credit codes of holders to be told of it otherwise, for they are not enrolled (R7)."""

    def to_json(self) -> dict[str, Any]:
        """The answer of S18.4."""
        if self.done:
            return {"done": True, **({"by_letter": list(self.by_letter)} if self.by_letter else {})}
        assert self.prepared is not None  # or it was done
        assert self.content is not None
        return {
            "done": False,
            "prepared": self.prepared.hex(),
            "message": self.message,
            "content": self.content.to_json(),
        }


@dataclass(frozen=True, slots=True)
class _Action:
    fields: Mapping[str, Check[Any]]
    run: Callable[[Registry, str, Actor, dict[str, Any]], Any]
    by_letter: Callable[[Any], tuple[str, ...]] = lambda _: ()
    """Whom nobody has told of it, from what it gives."""


def _checklist(registry: Registry, case: str, by: Actor, given: dict[str, Any]) -> object:
    filled = parse_checklist(canonical.dumps(given["checklist"]))
    return deciding.review(registry, case, by, filled.answers, filled.decisions)


def _as_given(value: object, _path: str) -> object:
    """Leave a checklist to its own reader."""
    return value


_ACTIONS: Final[Mapping[str, _Action]] = {
    "accept": _Action(
        {"procedure": one_of(*(one.value for one in Procedure)), "reasons": _REASONS},
        lambda r, case, by, given: deciding.accept(
            r, case, by, Procedure(given["procedure"]), given["reasons"]
        ),
    ),
    "request-supplement": _Action(
        {"missing": list_of(text(1, 4000), 1, 50)},
        lambda r, case, by, given: deciding.request_supplement(r, case, by, given["missing"]),
    ),
    "review": _Action({"checklist": _as_given}, _checklist),
    "approve": _Action(
        {"against": boolean, "reasons": _REASONS},
        lambda r, case, by, given: deciding.decide(r, case, by, **given),
    ),
    "publish": _Action({}, lambda r, case, by, _: publicity.publish(r, case, by), tuple),
    "resolve": _Action(
        {"objection": text(1, 64), "upheld": boolean, "reasons": _REASONS},
        lambda r, case, by, given: (objecting.conclude if is_number(case) else objections.resolve)(
            r, case, given["objection"], by, upheld=given["upheld"], reasons=given["reasons"]
        ),
    ),
    "refuse": _Action(
        {"ground": one_of(*(one.value for one in Ground)), "reasons": _REASONS},
        lambda r, case, by, given: deciding.refuse(r, case, by, Ground(given["ground"]), given["reasons"]),
    ),
    "issue": _Action(
        {}, lambda r, case, by, _: issuing.issue(r, case, by), lambda issued: tuple(issued.by_letter)
    ),
    "remark": _Action(
        {"kind": one_of(*(one.value for one in RemarkKind)), **_GROUNDS},
        lambda r, number, by, given: remarks.enter(
            r, number, RemarkKind(given.pop("kind")), remarks.Grounds(**given), by
        ),
    ),
    "lift": _Action(
        {"remark": text(1, 64), **_GROUNDS},
        lambda r, number, by, given: remarks.lift(
            r, number, given.pop("remark"), remarks.Grounds(**given), by
        ),
    ),
}


def submit(registry: Registry, decision: SignedDecision) -> Outcome:
    """Carry out a decision that its person signed elsewhere, once; or say what they have to approve first.

    Raises `DataFault` (`decision-foreign`, `decision-prepared`, `key-differs`, `field-…`), `UsageFault`
    (`decision-stale`, `decision-taken`, `person-…`), and whatever the decided step refuses; nothing is
    written then.
    """
    decision.check(registry.instance.origin, registry.instance.chain_id, registry.clock())
    by = authenticate_decision(registry.store, decision)
    if decision.prepared is not None:
        done = _try(registry, decision, by, *_opened(registry, decision.prepared))
        if done.done:
            return done
    return _try(registry, decision, by, registry.clock(), secrets.token_bytes(_SEED_BYTES))


def _try(registry: Registry, decision: SignedDecision, by: Actor, at: int, seed: bytes) -> Outcome:
    """Rehearse a decision at one instant with one secret, then carry it out if nothing is left to sign."""
    action = _ACTIONS[decision.action]
    given = object_of(action.fields)(decision.arguments, "arguments")
    drawn = replace(registry, clock=lambda: at, random=_drawn(seed))
    try:
        action.run(replace(drawn, store=registry.store.rehearsal()), decision.case, by, dict(given))
    except ToBeSigned as asked:
        return Outcome(False, _sealed(registry, at, seed), plain(dict(asked.message)), asked.content)
    drawn = replace(drawn, random=_drawn(seed))  # from the beginning again
    done = action.run(drawn, decision.case, by, dict(given))
    return Outcome(True, by_letter=action.by_letter(done))


def _drawn(seed: bytes) -> Callable[[int], bytes]:
    """What is drawn from a seed, the same every time: SHAKE256(seed || count), a fresh piece each time."""
    count = itertools.count()
    return lambda size: hashlib.shake_256(seed + next(count).to_bytes(8)).digest(size)


def _sealed(registry: Registry, at: int, seed: bytes) -> bytes:
    """Instant and seed under the key-encryption key: whoever carries them to and fro cannot read them."""
    body = canonical.dumps({"at": at, "seed": seed.hex()})
    return registry.keys.wrapper().wrap(body, _ASSOCIATED)


def _opened(registry: Registry, prepared: bytes) -> tuple[int, bytes]:
    try:
        body = registry.keys.wrapper().unwrap(prepared, _ASSOCIATED)
    except DataFault:
        raise DataFault("this registry prepared no such thing", code="decision-prepared") from None
    found = _PREPARED(canonical.loads(body, max_bytes=1024), "prepared")
    if not registry.clock() - PREPARED_LASTS <= found["at"] <= registry.clock():
        raise UsageFault(
            "what was prepared is more than an hour old",
            code="decision-stale",
            hint="Submit the decision anew, and sign what comes back.",
        )
    return found["at"], bytes.fromhex(found["seed"])
