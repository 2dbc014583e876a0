"""Time stamps in a pack: over which head of the log, linked with the pack's own, and by whom (S14.3)."""

from __future__ import annotations

from functools import partial
from typing import Final

from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import DataFault, YinzhengError
from yinzheng.verifier.judge.pack.exhibits import Ground, fault_of
from yinzheng.verifier.judge.pack.report import TimestampReport
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.timestamp import TimeStampFinding, judge_timestamp, parse_token
from yinzheng.verifier.log.note import Checkpoint, peek_checkpoint
from yinzheng.verifier.pack.contents import StampLink
from yinzheng.verifier.pack.manifest import PackFile

_UNLINKED: Final = "the token stamps something else than a head of the pack, and nothing links the two"


def judge_timestamps(ground: Ground) -> list[TimestampReport]:
    """All time-stamp tokens: each stamps a head of the log, the pack's own or one that is linked with it."""
    heads = dict.fromkeys(packed.proof.checkpoint for packed in ground.contents.statements)
    digests = {sha256(head.encode()): peek_checkpoint(head) for head in heads}
    return [_judge(ground, file, digests) for file in ground.manifest.of_role("timestamp")]


def _judge(ground: Ground, file: PackFile, heads: dict[bytes, Checkpoint]) -> TimestampReport:
    token = ground.contents.raw[file.path]
    link = ground.contents.stamp_link(file.path.removesuffix(".tsr") + ".json")
    if link is None:
        digest = _own_head(token, heads)
    else:
        fault = _link_fault(link, heads)
        if fault is not None:
            return TimestampReport(file, TimeStampFinding(Outcome.INVALID, fault.code, fault.message))
        digest = sha256(link.checkpoint.encode())
        heads = {digest: peek_checkpoint(link.checkpoint)}
    if digest is None:
        return TimestampReport(file, TimeStampFinding(Outcome.SKIPPED, "timestamp-unlinked", _UNLINKED))
    size = heads[digest].size
    return TimestampReport(
        file,
        judge_timestamp(token, digest, ground.trust.time_authorities),
        size=size,
        covered=sum(packed.proof.index < size for packed in ground.contents.statements),
    )


def _own_head(token: bytes, heads: dict[bytes, Checkpoint]) -> bytes | None:
    """Which of the pack's heads a token stamps; any, where it cannot be read: `judge_timestamp` says why."""
    try:
        imprint = parse_token(token).imprint
    except YinzhengError:
        return next(iter(heads), None)
    return imprint if imprint in heads else None


def _link_fault(link: StampLink, heads: dict[bytes, Checkpoint]) -> YinzhengError | None:
    """Why the stamped head is linked with none of the pack's."""
    fault: YinzhengError | None = DataFault("the pack shows no head of the log", code="timestamp-link")
    for head in heads.values():
        fault = fault_of(partial(link.require, head))
        if fault is None:
            break
    return fault
