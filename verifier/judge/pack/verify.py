"""Verifying a pack offline under the reader's own policy (S14.4): collects what the checks establish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.judge import judge, settle_rest
from yinzheng.verifier.judge.pack import checks, questions
from yinzheng.verifier.judge.pack.exhibits import ChainView, Ground
from yinzheng.verifier.judge.pack.inner_report import Render, compare_reports
from yinzheng.verifier.judge.pack.parts import completed, judge_subjects
from yinzheng.verifier.judge.pack.report import (
    Inputs,
    ItemReport,
    Operator,
    PackReport,
    Platform,
    Reason,
    authentic_of,
)
from yinzheng.verifier.judge.pack.rules import AS_WRITTEN, PackExhibits, rules_for
from yinzheng.verifier.judge.pack.stamps import judge_timestamps
from yinzheng.verifier.judge.report import Block
from yinzheng.verifier.judge.seals import block_of
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.pack.archive import PackLimits
from yinzheng.verifier.pack.reading import Progress

DEFAULT_LIMITS: Final = PackLimits()


def verify_pack(
    file: BinaryIO,
    trust: TrustPolicy,
    *,
    now: int,
    limits: PackLimits = DEFAULT_LIMITS,
    progress: Progress = lambda read: None,
    render: Render | None = None,
    name: str = "",
    digest: DigestPair | None = None,
) -> PackReport:
    """Verify a pack under the reader's own policy, with nothing but the file.

    `render` sets a report as `report.html`, for comparing the one inside; without it that one is said not to
    be compared. `name`: of the file, for a reader who goes by it; `digest`: of its bytes, for the
    report. `file` can seek and is read in pieces; memory does not grow with the evidence in it. `now` is the
    time of asking (UTC seconds). Bad data ends up in the report; `OSError` of reading the file escapes.
    """
    exhibits = PackExhibits()
    findings = judge(rules_for(file, limits, progress, trust), exhibits, trust, now)
    ground = exhibits.ground
    if ground is None:
        return stopped(findings, Inputs(trust, digest), now)
    said = [
        *questions.named_otherwise(ground.manifest, name),
        *compare_reports(ground, written_report, render),
    ]
    return _report(exhibits, findings, now, said, Inputs(trust, digest, from_pack=_lies_in(ground)))


def written_report(ground: Ground) -> PackReport:
    """What a registry finds that writes this pack under this policy, before layout and signature are there
    (S14.6): a writer guarantees both, or finishes no pack.
    """
    manifest, trust, findings, exhibits = ground.manifest, ground.trust, Findings(), PackExhibits()
    # (1): what the writer finishes has the one layout.
    findings.settle(1, lambda: None)
    # (2): the policy pins the key that will sign; the writer's pack is not finished without the signature.
    issuer = findings.settle(2, lambda: checks.pinned_issuer(manifest.signer, trust))
    if issuer is None:
        findings.skip_rest("issuer-not-established", after=2)
        return stopped(findings, Inputs(trust), manifest.made_at, written_with_pack=True)
    exhibits.take(ground)
    settle_rest(AS_WRITTEN, exhibits, issuer, trust, findings, manifest.made_at)
    return _report(exhibits, findings, manifest.made_at, (), Inputs(trust), written_with_pack=True)


def _report(
    exhibits: PackExhibits,
    findings: Findings,
    now: int,
    said: Sequence[Reason],
    inputs: Inputs,
    *,
    written_with_pack: bool = False,
) -> PackReport:
    """The answers to the court's questions. `said`: of the file's name, and of the reports inside."""
    ground, view = exhibits.shown(), exhibits.view
    items, others = completed(exhibits.items, findings), exhibits.others()
    subjects, timestamps = judge_subjects(ground, view), judge_timestamps(ground)
    operators = _operators(ground.trust, view)
    limits = _limits(ground, findings, items, [*others, *subjects], operators, view)
    limits += questions.stamp_reasons(timestamps, failed=False)
    limits += questions.earlier_stamps(timestamps, len(ground.contents.statements))
    limits += [reason for reason in said if not reason.failed]
    faults = [reason for reason in said if reason.failed]
    pack, block = findings.in_order(), block_of(ground.contents.evidence, ground.trust, now)
    answers = (
        questions.since_deposit(pack, items, others, timestamps),
        questions.platform(pack, subjects, operators, faults, parties_known=view.opening is not None),
        questions.before_deposit(items),
        questions.repeatable(limits),
    )
    return PackReport(
        manifest=ground.manifest,
        findings=pack,
        authentic=authentic_of(answers, pack),
        files=tuple(ground.contents.files),
        items=tuple(items),
        statements=tuple(exhibits.statements),
        subjects=tuple(subjects),
        dossier_files=tuple(exhibits.dossier_files),
        timestamps=tuple(timestamps),
        opening=view.opening,
        release=view.release,
        dispute=view.dispute,
        operators=operators,
        platform=_platform(ground.trust, block),
        block=block,
        checked_at=now,
        asked_at=None,
        questions=answers,
        limits=tuple(limits),
        inputs=inputs,
        written_with_pack=written_with_pack,
    )


def _lies_in(ground: Ground) -> bool:
    """Whether the reader's policy is the copy in the pack: none but its maker can have chosen it."""
    digest = ground.trust.digest
    return digest is not None and any(file.digest == digest for file in ground.manifest.of_role("trust"))


def _limits(
    ground: Ground,
    findings: Findings,
    items: Sequence[ItemReport],
    others: Sequence[questions.Place],
    operators: Sequence[Operator],
    view: ChainView,
) -> list[Reason]:
    """What could not be determined, place by place: first of the pack, then of its parts."""
    pack = [finding for finding in findings.in_order() if finding.number not in (4, 5, 6, 7)]
    found = questions.reasons_of(questions.PACK, pack, failed=False)
    found += questions.operator_reasons(operators, view.opening is not None)
    for item in items:
        own = [finding for finding in item.findings if finding.number not in (2, 3, 8, 10)]
        found += questions.reasons_of(item.where, own[:1] if not item.disclosed else own, failed=False)
    for place in others:
        found += questions.reasons_of(place.where, place.findings, failed=False)
    found += questions.gaps(ground.manifest, ground.contents.statements)
    return found + questions.not_shown(items, ground.contents.statements)


def _operators(trust: TrustPolicy, view: ChainView) -> tuple[Operator, ...]:
    parties = {party.code for party in view.opening.parties} if view.opening else set()
    return tuple(Operator(o.name, o.code, o.code in parties) for o in trust.operators)


def _platform(trust: TrustPolicy, block: Block | None) -> Platform:
    optional = (("consents", trust.consents), ("preservation", trust.preservation), ("moves", trust.moves))
    contracts = (("anchor", trust.anchor), ("rights", trust.rights))
    return Platform(
        origin=trust.origin,
        log_keys=tuple(sorted(key.vkey for key in trust.log_keys)),
        chain_id=trust.chain_id,
        genesis=trust.genesis,
        consensus=trust.consensus.name,
        validators=len(trust.validators_at(block.number)) if block else None,
        contracts=(*contracts, *((name, contract) for name, contract in optional if contract is not None)),
    )


def stopped(findings: Findings, inputs: Inputs, now: int, *, written_with_pack: bool = False) -> PackReport:
    """Of what is no pack, or none that a pinned issuer signed as it is, nothing else is looked at."""
    operators = _operators(inputs.trust, ChainView())
    pack = findings.in_order()
    answers = questions.of_no_pack(pack)
    return PackReport(
        manifest=None,
        findings=pack,
        authentic=authentic_of(answers, pack),
        files=(),
        items=(),
        statements=(),
        subjects=(),
        dossier_files=(),
        timestamps=(),
        opening=None,
        release=None,
        dispute=None,
        operators=operators,
        platform=_platform(inputs.trust, None),
        block=None,
        checked_at=now,
        asked_at=None,
        questions=answers,
        limits=(),
        inputs=inputs,
        written_with_pack=written_with_pack,
    )
