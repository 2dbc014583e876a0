"""Which registry an organisation believes: its policy, pinned in the folder, and what is signed under it.

FOLDER/registry.json   the policy (S8.1) that an officer of the registry handed over, never the desk itself

A desk is only an address. Whoever answers there, or calls our webhook, is believed for what the registry's
issuer signed to us (S11.4), and for nothing else that would make us shut or destroy data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.state.files import write_durably
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.webhook import Webhook, verify_webhook
from yinzheng.verifier.judge.trust import MAX_TRUST, TrustPolicy, parse_trust

PINNED: Final = "registry.json"


@dataclass(frozen=True, slots=True)
class SignedNotice:
    """A notice that the pinned registry signed to us, with what proves it."""

    notice: Webhook
    body: bytes
    header: str


def pin(folder: Path, policy: bytes, *, replace: bool = False) -> TrustPolicy:
    """Believe the registry of this policy from now on.

    Raises `DataFault` `trust-malformed`; `UsageFault` `registry-pinned` where the folder believes another and
    `replace` is not said.
    """
    found = parse_trust(policy)
    file = folder / PINNED
    if file.exists() and file.read_bytes() != policy and not replace:
        raise UsageFault(
            "this folder pins a registry already",
            code="registry-pinned",
            hint="Compare the two with an officer of the registry, then say --replace.",
        )
    write_durably(file, policy)
    return found


def pinned(folder: Path) -> TrustPolicy:
    """The policy of the registry that is believed.

    Raises `UsageFault` `registry-not-pinned`, `DataFault` `trust-malformed`.
    """
    try:
        with (folder / PINNED).open("rb") as file:
            data = file.read(MAX_TRUST + 1)
    except FileNotFoundError:
        raise UsageFault(
            "this folder pins no registry, so nothing the desk answers can be believed",
            code="registry-not-pinned",
            hint="Have an officer of the registry hand you trust.json, then: yinzheng org trust trust.json",
        ) from None
    return parse_trust(data)


def listed(answer: object) -> list[tuple[bytes, str]]:
    """Bodies and headers of the notices in a desk's answer. Raises `DataFault` `answer-malformed`."""
    given = answer.get("notices") if isinstance(answer, dict) else None
    if isinstance(given, list):
        pairs = [(one.get("body"), one.get("header")) for one in given if isinstance(one, dict)]
        found = [(b.encode(), h) for b, h in pairs if isinstance(b, str) and isinstance(h, str)]
        if len(found) == len(given):
            return found
    raise DataFault("the desk's answer is none to what was asked", code="answer-malformed")


def believed(
    policy: TrustPolicy, code: str, given: Iterable[tuple[bytes, str]], now: int
) -> tuple[list[SignedNotice], list[DataFault]]:
    """What the registry signed to the organisation `code`, and why the rest is not believed."""
    sound: list[SignedNotice] = []
    faults: list[DataFault] = []
    for body, header in given:
        try:
            notice = verify_webhook(body, header, policy.issuers, to=code, now=now)
        except DataFault as fault:
            faults.append(fault)
        else:
            sound.append(SignedNotice(notice, body, header))
    return sound, faults


def require_believed(faults: Sequence[DataFault]) -> None:
    """Raise `DataFault` (`notice-not-signed`) if anything was not believed."""
    if faults:
        raise DataFault(
            f"{len(faults)} of what the desk calls notices are not signed by the registry you pin:"
            f" {faults[0].message}",
            code="notice-not-signed",
            hint="Do nothing they ask. Call the registry; if its keys changed, pin its new trust.json.",
            reason=faults[0].code,
        )


def duty(policy: TrustPolicy, code: str, answer: object, kind: str, withdrawal: str, now: int) -> Webhook:
    """The newest notice of that kind about a withdrawal, of those in a desk's answer.

    Raises `DataFault`: `answer-malformed`, `notice-not-signed`, `notice-missing`.
    """
    sound, faults = believed(policy, code, listed(answer), now)
    asked: list[Any] = [
        one.notice
        for one in sound
        if one.notice.kind == kind and one.notice.data.get("withdrawal") == withdrawal
    ]
    if asked:
        found: Webhook = max(asked, key=lambda notice: notice.at)
        return found
    require_believed(faults)
    raise DataFault(
        "the desk shows no notice in which the registry asks this of you",
        code="notice-missing",
        hint="Nothing was sent. See `yinzheng org withdrawal`, or call the registry.",
    )
