"""What was found of exported events, in both languages (S22.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from yinzheng.verifier.judge.events.report import EventsReport
from yinzheng.verifier.words.phrase import Phrase

CLAIMED: Final = Phrase(
    "括号内的证书系登记机构所称：所证明的声明本身不载明证书。",
    "Certificates in brackets: as the registry says; the statement that is proved does not name them.",
)


def line_of(number: int) -> Phrase:
    """A line that is no event."""
    return Phrase(f"第 {number} 行", f"line {number}")


def anchored(block: int | None, when: datetime) -> Phrase:
    """By which block, and when, its head was on the chain."""
    at = when.isoformat(" ")
    return Phrase(f"不晚于区块 {block}（{at}）上链", f"on the chain by block {block} ({at})")


def summary(found: EventsReport) -> Phrase:
    """How the file stands as a whole."""
    if found.failed:
        said = Phrase("有不成立之处", "Something is wrong")
    elif not found.ours:
        said = Phrase("不是本登记体系的动态文件，或已损坏", "No file of events of ours, or damaged")
    elif found.undetermined or not found.whole:
        said = Phrase("无法全部确定", "Not all can be determined")
    else:
        said = Phrase("全部证明成立", "Every event is proved")
    counts = Phrase(
        f"证明 {found.proved} 条，不成立 {found.failed} 条，无法确定 {found.undetermined} 条",
        f"{found.proved} proved, {found.failed} wrong, {found.undetermined} undetermined",
    )
    cut = Phrase("", "") if found.whole else Phrase("；文件不完整", "; the file is not whole")
    return Phrase(f"{said.zh}：{counts.zh}{cut.zh}。", f"{said.en}: {counts.en}{cut.en}.")
