"""Who speaks: the registry that a policy is of, how it is reached, and the policy's fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.contact import Contact
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words.fingerprint import fingerprint
from yinzheng.verifier.words.phrase import Language, Phrase

CONTACT: Final = Phrase("登记机构联系方式", "contact of the registry")

LABELS: Final[Mapping[str, Phrase]] = {
    "telephone": Phrase("电话", "telephone"),
    "email": Phrase("电子邮箱", "e-mail"),
    "address": Phrase("地址", "address"),
    "complaints": Phrase("投诉", "complaints"),
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """What stands at the foot of a page."""

    registries: Sequence[Party]
    contact: Sequence[tuple[str, str]]
    """Label and text of each way to reach them; none where the policy names none."""
    fingerprint: str


def speaker(policy: TrustPolicy, language: Language) -> Speaker:
    """Who speaks where that policy is the registry's own, or the reader's."""
    known = dict.fromkeys(issuer.registry for issuer in policy.issuers.values())
    return Speaker(
        tuple(known),
        tuple((label.said(language), value) for label, value in ways(policy.contact)),
        fingerprint(policy).said.said(language),
    )


def ways(contact: Contact | None) -> list[tuple[Phrase, str]]:
    """Each way to reach a registry, with its label; none where the policy names none."""
    named = {} if contact is None else contact.to_json()
    return [(LABELS[name], str(value)) for name, value in named.items()]


def in_one_line(contact: Contact | None) -> str:
    """As paper has it; empty where the policy names none."""
    return " · ".join(f"{label.zh} {value}" for label, value in ways(contact))
