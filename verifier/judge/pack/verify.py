"""Verifying a pack offline under the reader's own policy (S14.4): collects what the checks establish."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import BinaryIO, Final, NoReturn

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.judge.findings import OBLIGATIONS, Findings, Placed, all_hold
from yinzheng.verifier.judge.pack import checks, questions
from yinzheng.verifier.judge.pack.exhibits import ChainView, Ground, dispute_holds, look_at_chain
from yinzheng.verifier.judge.pack.inner_report import Render, compare_reports
from yinzheng.verifier.judge.pack.parts import (
    judge_dossier_files,
    judge_items,
    judge_statements,
    judge_subjects,
)
from yinzheng.verifier.judge.pack.report import ItemReport, Operator, PackReport, Platform, Reason
from yinzheng.verifier.judge.pack.stamps import judge_timestamps
from yinzheng.verifier.judge.report import Block, Outcome
from yinzheng.verifier.judge.seals import block_of, sealed
from yinzheng.verifier.judge.trust import Issuer, TrustPolicy
from yinzheng.verifier.pack.archive import PackLimits
from yinzheng.verifier.pack.reading import Progress, read_contents

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
) -> PackReport:
    """Verify a pack under the reader's own policy, with nothing but the file.

    `render` sets a report as `report.html`, for comparing the one inside; without it that one is said not to
    be compared. `name`: of the file, for a reader who goes by it. `file` can seek and is read in pieces;
    memory does not grow with the evidence in it. `now` is the time of asking (UTC seconds). Bad data ends up
    in the report; `OSError` of reading the file escapes.
    """
    findings = Findings()
    # (1): a zip of the one layout; sizes and counts, before anything in it is read.
    zipped = findings.settle(1, lambda: checks.layout_form(file, limits))
    if zipped is None:
        return stopped(findings, trust, now)
    # (2): the issuer's signature of the manifest verifies under a pinned key.
    issuer = findings.settle(2, lambda: checks.manifest_signature(zipped, trust))
    if issuer is None:
        return stopped(findings, trust, now)
    # (1): exactly the files that the signed manifest names.
    manifest = findings.settle(1, lambda: checks.manifest_form(zipped))
    if manifest is None:
        return stopped(findings, trust, now)
    ground = Ground(manifest, read_contents(zipped.archive, manifest, progress), trust)
    said = [*questions.named_otherwise(manifest, name), *compare_reports(ground, written_report, render)]
    return conclude(ground, issuer, findings, now, said)


def written_report(ground: Ground) -> PackReport:
    """What a registry finds that writes this pack under this policy, before layout and signature are there
    (S14.6): a writer guarantees both, or finishes no pack.
    """
    manifest, findings = ground.manifest, Findings()
    # (1): what the writer finishes has the one layout.
    findings.settle(1, lambda: None)
    # (2): the policy pins the key that will sign; the writer's pack is not finished without the signature.
    issuer = findings.settle(2, lambda: checks.pinned_issuer(manifest.signer, ground.trust))
    if issuer is None:
        return stopped(findings, ground.trust, manifest.made_at, written_with_pack=True)
    return conclude(ground, issuer, findings, manifest.made_at, written_with_pack=True)


def conclude(
    ground: Ground,
    issuer: Issuer,
    findings: Findings,
    now: int,
    said: Sequence[Reason] = (),
    *,
    written_with_pack: bool = False,
) -> PackReport:
    """Obligations 3–10, once 1 and 2 are settled, and the answers to the court's questions.

    `said`: of the file's name, and of the reports inside.
    """
    manifest, trust, view = ground.manifest, ground.trust, look_at_chain(ground)
    # (8): the block is sealed by pinned validators, and final.
    sealed_at = findings.settle(8, lambda: _sealed(ground))
    # (3): that key was entitled to sign it, at that time.
    findings.settle(3, lambda: checks.issuer_entitled(manifest, issuer, sealed_at))
    # (9): the dispute, its evidence, parties and subjects are on chain.
    findings.settle(9, lambda: dispute_holds(ground, view))
    # (10): how old the block is.
    findings.settle(10, lambda: checks.block_age(ground.chain(), manifest, now, trust.max_age))
    return _report(ground, view, findings, now, said, written_with_pack=written_with_pack)


def _sealed(ground: Ground) -> int:
    """Time of the block, if it is sealed and final."""
    evidence = ground.chain()
    sealed(evidence, ground.trust)
    return evidence.block.time


def _report(
    ground: Ground,
    view: ChainView,
    findings: Findings,
    now: int,
    said: Sequence[Reason],
    *,
    written_with_pack: bool,
) -> PackReport:
    items = judge_items(ground, view, findings)
    statements, dossier_files = judge_statements(ground), judge_dossier_files(ground)
    subjects, timestamps = judge_subjects(ground, view), judge_timestamps(ground)
    others: list[questions.Place] = [*ground.contents.files, *statements, *dossier_files]
    places = [(place.where, place.findings) for place in chain(items, others)]
    for number in (4, 5, 6, 7):
        # (4)–(7): wherever the pack shows something, as each place says in detail.
        _settle_all(findings, number, places)
    operators = _operators(ground.trust, view)
    limits = _limits(ground, findings, items, [*others, *subjects], operators, view)
    limits += questions.stamp_reasons(timestamps, failed=False)
    limits += questions.earlier_stamps(timestamps, len(ground.contents.statements))
    limits += [reason for reason in said if not reason.failed]
    faults = [reason for reason in said if reason.failed]
    pack, block = findings.in_order(), block_of(ground.contents.evidence, ground.trust, now)
    return PackReport(
        manifest=ground.manifest,
        findings=pack,
        files=tuple(ground.contents.files),
        items=tuple(items),
        statements=tuple(statements),
        subjects=tuple(subjects),
        dossier_files=tuple(dossier_files),
        timestamps=tuple(timestamps),
        opening=view.opening,
        release=view.release,
        dispute=view.dispute,
        operators=operators,
        platform=_platform(ground.trust, block),
        block=block,
        checked_at=now,
        questions=(
            questions.since_deposit(pack, items, others, timestamps),
            questions.platform(pack, subjects, operators, faults, parties_known=view.opening is not None),
            questions.before_deposit(items),
            questions.repeatable(limits),
        ),
        limits=tuple(limits),
        written_with_pack=written_with_pack,
    )


def _settle_all(findings: Findings, number: int, places: Sequence[Placed]) -> None:
    findings.settle(number, lambda: all_hold(number, places))


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
    optional = (("consents", trust.consents), ("preservation", trust.preservation))
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


def stopped(
    findings: Findings, trust: TrustPolicy, now: int, *, written_with_pack: bool = False
) -> PackReport:
    """Of what is no pack, or none that a pinned issuer signed as it is, nothing else is looked at."""
    settled = {finding.number for finding in findings.in_order()}
    code = "form" if findings.outcome(1) is Outcome.INVALID else "issuer-not-established"
    for number in sorted(set(OBLIGATIONS) - settled):
        findings.settle(number, partial(_not_looked_at, code))
    operators = _operators(trust, ChainView())
    pack = findings.in_order()
    return PackReport(
        manifest=None,
        findings=pack,
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
        platform=_platform(trust, None),
        block=None,
        checked_at=now,
        questions=questions.of_no_pack(pack),
        limits=(),
        written_with_pack=written_with_pack,
    )


def _not_looked_at(code: str) -> NoReturn:
    raise NotGiven("what is no pack, or none of a pinned issuer, is looked at no further", code=code)
