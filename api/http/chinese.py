"""Every refusal in Chinese, by its code: what command line and desk say to whom that is easier to read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError

TABLE: Final = "faults.zh.txt"
"""Beside this module: a line `code | message | hint` for each; a hint may be missing."""

_WHAT_TO_DO: Final[Mapping[type[YinzhengError], str]] = MappingProxyType(
    {
        UsageFault: "同一命令加 --help 可查看用法。",
        DataFault: "所给的内容有误，不是程序的问题：请更正，或重新取得。",
        EnvironmentFault: "已确认的内容没有丢失：排除故障后，再运行同一命令。",
    }
)


@cache
def table() -> Mapping[str, tuple[str, str]]:
    """Message and hint by code, as the table has them."""
    text = files(__package__).joinpath(TABLE).read_text(encoding="utf-8")
    rows = [line.split(" |") for line in text.splitlines() if not line.startswith("#")]
    return MappingProxyType({code: (message.strip(), hint.strip()) for code, message, hint in rows})


def in_chinese(error: YinzhengError) -> tuple[str, str]:
    """Message and hint: the error's own (`zh` in its data), else of the table, of the pages, of reports.

    English where none of them has the code.
    """
    message, hint = error.data.get("zh") or by_code(error.code) or (error.message, error.hint)
    return message, hint or next(
        (said for kind, said in _WHAT_TO_DO.items() if isinstance(error, kind)), error.hint
    )


def by_code(code: str) -> tuple[str, str] | None:
    """Message and hint, empty where there is none to give; None for a code that has no Chinese."""
    from yinzheng.api.http.fault_words import FAULTS
    from yinzheng.verifier.words import phrases
    from yinzheng.verifier.words.pack_reasons import PACK_REASONS

    if code in (rows := table()):
        return rows[code]
    if code in FAULTS:
        return FAULTS[code].message.zh, FAULTS[code].hint.zh
    reason = PACK_REASONS[code][0] if code in PACK_REASONS else phrases.in_chinese(code)
    return None if reason is None else (reason, "")
