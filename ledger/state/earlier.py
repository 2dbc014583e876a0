"""What an earlier program wrote of an instance, in the form of today."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yinzheng.verifier.errors import DataFault


def as_written_today(read: dict[str, Any]) -> None:
    """Put what an earlier program wrote into today's form: one node at most, and one set of validators."""
    if "chain_url" in read and "chain_urls" not in read:
        url = read.pop("chain_url")
        read["chain_urls"] = [] if url is None else [url]
    known = read.get("validators")
    if isinstance(known, list) and all(isinstance(one, str) for one in known):
        read["validators"] = [{"from": 0, "to": None, "addresses": known}] if known else []
    read.setdefault("changes", [])


def require_written_today(read: dict[str, Any], members: Iterable[str]) -> None:
    """Refuse an instance without members that one has today. Raises `DataFault` `state-version`."""
    if {"deployment", "modules"} <= read.keys() and {*members} - read.keys():
        raise DataFault(
            "this state folder was written by another version of this program",
            code="state-version",
            hint="Run the version that wrote it. Nothing was changed.",
        )
