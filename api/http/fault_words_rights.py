"""What went wrong where a right, or the register, was asked about (`fault_words`)."""

from __future__ import annotations

from typing import Final

from yinzheng.api.http.fault import Fault
from yinzheng.ledger.rules.terms import Label

RIGHTS: Final = {
    "instant": Fault(
        Label("无法读懂所填的时间。", "The time given cannot be read."),
        Label(
            "请写成 2026-11-21 或 2026-11-21 15:00（北京时间）。",
            "Write it as 2026-11-21 or 2026-11-21 15:00 (UTC+8).",
        ),
    ),
    "usage-instants": Fault(
        Label("一次只能问一至八个时间。", "Between one and eight times can be asked about."),
        Label("请返回表单重试。", "Go back to the form and try again."),
    ),
    "time-future": Fault(
        Label("所填时间尚未到来。", "The time given is yet to come."),
        Label("请填写已经过去的时间。", "Ask about a time that has passed."),
    ),
}
