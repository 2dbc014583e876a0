"""The policy a command is given, the language it answers in, and how both are named beside its result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from yinzheng.api.cli.console import shows
from yinzheng.api.cli.files import read_file
from yinzheng.api.cli.language import spoken
from yinzheng.api.cli.output import beside, out
from yinzheng.verifier.errors import DataFault, UsageFault, found_in
from yinzheng.verifier.judge.trust import MAX_TRUST, TrustPolicy, parse_trust
from yinzheng.verifier.version import VERSION
from yinzheng.verifier.words.fingerprint import COMPARE, LABEL, fingerprint
from yinzheng.verifier.words.phrase import Language


def read_policy(path: Path) -> TrustPolicy:
    """Read the trust policy. Raises `UsageFault`: `trust-missing`, `trust-malformed`.

    Without a policy nothing is judged, and so nothing found forged or out of force, which is what 1 says.
    """
    try:
        data = read_file(path, MAX_TRUST)
    except UsageFault as fault:
        if fault.code != "file-missing":
            raise
        raise UsageFault(
            f"there is no trust policy at {path}",
            code="trust-missing",
            hint="Get trust.json from whoever you trust for it, not from whoever shows the certificate.",
        ) from None
    try:
        with found_in(path):
            return parse_trust(data)
    except DataFault as fault:
        raise UsageFault(fault.message, code=fault.code, hint=fault.hint, **fault.data) from None


def language_in(lang: str) -> Language:
    """The language asked for, or that of the surroundings. Raises `UsageFault` `usage-language`."""
    if lang not in ("", "zh", "en"):
        raise UsageFault("the language is zh or en", code="usage-language", hint="Such as --lang zh.")
    if lang:
        return "zh" if lang == "zh" else "en"
    return "zh" if spoken() == "zh" and shows("证书") else "en"


def inputs_of(policy: TrustPolicy) -> dict[str, Any]:
    """Fingerprint and digests of a policy, and this program's version, as JSON values."""
    digest = policy.digest
    return {
        "fingerprint": fingerprint(policy).to_json(),
        "policy": None if digest is None else {"sm3": digest.sm3.hex(), "sha256": digest.sha256.hex()},
        "program": f"yinzheng {VERSION}",
    }


def policy_lines(policy: TrustPolicy, language: Language) -> Iterator[str]:
    """The fingerprint, and what to do with it."""
    yield f"{LABEL.said(language)}: {fingerprint(policy).said.said(language)}"
    yield f"  {COMPARE.said(language)}"


@contextmanager
def naming_inputs(policy: TrustPolicy, language: Language, *, as_json: bool) -> Iterator[None]:
    """Say under which policy a verdict was reached: in the one JSON object, or below what is printed."""
    before = beside.set({**beside.get(), "inputs": inputs_of(policy)})
    try:
        yield
    except typer.Exit:
        if not as_json:
            out.print()
            for line in policy_lines(policy, language):
                out.print(f" {line}", markup=False)
        raise
    finally:
        beside.reset(before)


def publish_lines(policy: TrustPolicy) -> Iterator[str]:
    """What a registry is told with its own policy: the fingerprint to publish, in both languages."""
    yield f"{LABEL.zh} {LABEL.en}: {fingerprint(policy)}"
    yield "  请在网站、公告和电话中公布。 Publish it: on paper, in print, and to whoever telephones."
