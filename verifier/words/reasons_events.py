"""Reason codes about exported events (S22.6), in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EVENT_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "body-private": (
        "声明内容不公开，仅证明声明本身。",
        "The body is private; the statement is proved by itself.",
    ),
    "body-absent": ("缺少公开内容。", "The public body is missing."),
    "body-superfluous": (
        "不公开的声明处附有无法核对的内容。",
        "A body stands where nothing shows that it is the private one.",
    ),
    "events-foreign": (
        "这不是动态文件，或已损坏。",
        "This is no file of events, or it is damaged.",
    ),
    "line-unknown": ("这一行不属于动态文件。", "This is no line of a file of events."),
    "line-place": (
        "行序不对：有重复、颠倒，或缺少所依据的检查点。",
        "A line is out of its place: repeated, out of order, or without the head it rests on.",
    ),
    "event-period": ("动态不在文件所述期间内。", "The event is not of the time that the file says."),
}
"""By code, Chinese and English."""
