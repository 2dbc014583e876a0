"""What can be done instead of what was refused, as commands: a course of the ledger knows only its moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from yinzheng.api.cli.list_words import GIVERS
from yinzheng.verifier.errors import YinzhengError

COMMANDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "case": {
            "apply": "apply",
            "accept": "accept",
            "request_supplement": "request-supplement",
            "give_supplement": "supplement",
            "to_ordinary": "to-ordinary",
            "inspect": "inspect",
            "review": "review",
            "review_against": "review",
            "decide": "approve",
            "decide_against": "approve",
            "publish": "publish",
            "publish_waived": "publish",
            "object": "object",
            "dismiss": "resolve",
            "uphold": "resolve",
            "issue": "issue",
            "cosign": "issue",
            "sign": "signature",
            "refuse": "refuse",
        },
        "certificate": {
            "remark": "remark enter",
            "lift": "remark lift",
            "cancel": "cancel",
            "reserve": "org trade reserve",
            "release": "org trade release",
            "object": "object",
            "tell": "objection tell",
            "answer": "objection answer",
            "conclude": "resolve",
        },
        "withdrawal": {
            "request": "withdraw",
            "file_at_counter": "withdraw",
            "forward": "org withdraw",
            "verify": "verify-guardian",
            "freeze": "org freeze",
            "clear_links": "org destroyed",
            "confirm_destruction": "org destroyed",
            "restrict": "restrict",
        },
        "dispute": {
            "open": "org dispute open",
            "open_with_evidence": "org dispute open",
            "add_evidence": "org dispute add",
            "preserve": "dispute preserve",
            "settle": "org dispute release",
            "execute": "org dispute release",
        },
        "erasure": {
            "propose": "erase propose",
            "approve": "erase approve",
            "witness": "erase witness",
            "carry_out": "erase carry-out",
            "drop": "erase drop",
        },
        "supervision": {
            "suspect": "supervision suspect",
            "measure": "supervision measure",
            "report": "supervision report",
            "drop": "supervision close",
            "close": "supervision close",
        },
        "contract": {
            "conclude": "holder contract send",
            "deliver": "holder contract event",
            "accept": "holder contract event",
            "object": "holder contract event",
            "track": "holder contract event",
            "end": "holder contract event",
            "settle": "org trade settle",
            "destroy": "holder contract destroyed",
        },
    }
)
"""By the course and the move. What is not here nobody does by hand: the registry's rounds, the chain."""


def commands_of(error: YinzhengError, *, chinese: bool = False) -> Iterator[str]:
    """The commands behind the moves that a refusal says are possible, each once, with who gives them."""
    known = COMMANDS.get(str(error.data.get("course")), {})
    seen = set()
    for option in error.data.get("possible", ()):
        move, _, by = str(option).partition(" ")
        if chinese:
            by = f"（{GIVERS.get(by[4:-1], by[4:-1])}）"
        if move in known and (said := f"yinzheng {known[move]} {by}") not in seen:
            seen.add(said)
            yield said
