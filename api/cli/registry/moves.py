"""Signatures of organisations under what the registry prepared, taken in by an officer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import read_file, readable, write_new
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, writing
from yinzheng.verifier.errors import found_in

if TYPE_CHECKING:
    from yinzheng.ledger.registry import Registry


def signature(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="As `yinzheng holder sign` wrote it. 签名文件。")
    ],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Take in the signature of an organisation's account under a prepared move. 录入权利人签名。"""
    from yinzheng.api.org.asking import parse_signature
    from yinzheng.ledger.cases import issuing

    with found_in(file):
        case, organisation, signed = parse_signature(read_file(file, 4096))
    with writing(state, json_) as (registry, _):
        issued = issuing.sign(registry, case, organisation, signed)
    value = {"case": case, "numbers": list(issued.numbers), "missing": list(issued.missing)}
    named = " ".join(issued.numbers) or case
    told = f"still to approve: {', '.join(issued.missing)} 待签" if issued.missing else "on the ledger 已登记"
    tell(json_, value, f"{named}: {told}")


def keep_prepared(registry: Registry, case: str, file: Path) -> None:
    """Write what is prepared in a case, for the organisations that sign it. Raises as `write_new`."""
    from yinzheng.ledger.cases.showing import prepared_file

    write_new(file, readable(prepared_file(registry, case).to_json()))
