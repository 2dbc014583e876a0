"""A voucher's report as the page shows it (S9.7): the answer, then what is licensed, then why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from yinzheng.api.http.language import Language
from yinzheng.api.web.checking import CheckedVoucher
from yinzheng.api.web.established import VOUCHER
from yinzheng.api.web.fields import Row, differing, profile_words, text_words
from yinzheng.api.web.report_view import Moment, Pinned, Step, block_of, pinned, step_of
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.licence import Licence
from yinzheng.verifier.judge.licence.report import VoucherReport
from yinzheng.verifier.judge.licence.status import LicenceStatus
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.words import licence as words
from yinzheng.verifier.words.times import moment
from yinzheng.verifier.words.verdict import verdict

_TONES: Final[dict[str, Tone]] = {
    LicenceStatus.IN_FORCE: "good",
    LicenceStatus.UNDETERMINED: "unknown",
    LicenceStatus.CERTIFICATE_CANCELLED: "unknown",
}


@dataclass(frozen=True, slots=True)
class VoucherView:
    """Everything the page of a voucher shows."""

    tone: Tone
    title: str
    meaning: str
    attention: tuple[str, ...]
    number: str | None
    block: Moment | None
    checked_at: Instant
    confirmed: bool
    """Whether the ledger confirms the fields shown."""
    rows: tuple[Row, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    policy: Pinned
    demonstration: bool


def voucher_tone(report: VoucherReport) -> Tone:
    """Colour and icon of the answer."""
    if report.authentic is Authentic.FORGED:
        return "bad"
    if report.authentic is not Authentic.GENUINE:
        return "unknown"
    return _TONES.get(report.standing, "warn")


def voucher_view(checked: CheckedVoucher, language: Language, *, own_policy: bool) -> VoucherView:
    """The page's content in one language."""
    report = checked.report
    body = report.body
    return VoucherView(
        tone=voucher_tone(report),
        title=verdict(report).headline.said(language),
        meaning=words.advice(report).said(language),
        attention=_attention(report, language),
        number=None if body is None else body.number,
        block=block_of(report.block, language),
        checked_at=instant(report.checked_at, language),
        confirmed=report.authentic is Authentic.GENUINE,
        rows=_rows(report, language),
        steps=tuple(step_of(finding, language, words.OBLIGATIONS, VOUCHER) for finding in report.findings),
        notes=tuple(words.NOTES[note.code].said(language) for note in report.notes),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


def _attention(report: VoucherReport, language: Language) -> tuple[str, ...]:
    body, chain = report.body, report.chain
    found = [words.DEMONSTRATION] if report.demonstration else []
    found += [words.RECORDED] if body is not None and not body.registration else []
    found += [words.RESTRAINTS[name] for name in report.attention]
    said = [phrase.said(language) for phrase in found]
    if chain is not None and chain.ending:
        how = words.ended(chain.ending, report.end).said(language)
        when = moment(chain.ended_at).said(language)
        said.append(f"{words.ENDED_AT.said(language)} {when} {how}")
    return tuple(said)


def _party(party: Party) -> tuple[str, ...]:
    return (party.name, party.code)


_Say = Callable[[Licence, Language], tuple[str, ...]]


def _term(name: str) -> _Say:
    return lambda body, language: (text_words(words.terms(body)[name].said(language), language),)


_ROWS: Final[tuple[tuple[str, _Say], ...]] = (
    ("number", lambda b, _: (b.number,)),
    ("certificate", lambda b, _: (b.certificate.number,)),
    ("licensor", lambda b, _: _party(b.licensor)),
    ("licensee", lambda b, _: _party(b.licensee)),
    *((name, _term(name)) for name in ("rights", "acts", "territory", "purposes", "exclusive")),
    ("begins", lambda b, lang: (instant(b.begins, lang).text,)),
    ("ends", lambda b, lang: (instant(b.ends, lang).text,)),
    ("registration", lambda b, lang: (words.NATURES[b.registration].said(lang),)),
    ("registry", lambda b, _: _party(b.registry)),
    ("registered_at", lambda b, lang: (instant(b.registered_at, lang).text,)),
    ("profile", lambda b, lang: (profile_words(b.profile, lang),)),
    ("request", lambda b, _: (b.request.sm3.hex(), b.request.sha256.hex())),
    ("prev", lambda b, _: (b.prev.hex(),)),
)
_ORIGINAL: Final = frozenset({"licensor", "licensee", "purposes", "registry"})
_QUIET: Final = frozenset({"request", "prev"})
"""Fields that mean nothing to people, shown only where they differ."""


def _rows(report: VoucherReport, language: Language) -> tuple[Row, ...]:
    body, shown = report.body, report.core.body if report.core else None
    if body is None:
        return ()
    differs = differing(report.differences)
    return tuple(
        Row(
            words.FIELDS[name].said(language),
            said(body, language),
            said(shown, language) if shown is not None and name in differs else (),
            name in _ORIGINAL,
        )
        for name, said in _ROWS
        if name in differs or name not in _QUIET
    )
