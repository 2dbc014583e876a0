"""The command `yinzheng timestamp`: a second clock beside the chain's (RFC 3161, S10.10)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, writing

if TYPE_CHECKING:
    from yinzheng.verifier.judge.trust import TimeAuthority
from yinzheng.verifier.errors import DataFault

MAX_CERTIFICATES = 256 * 1024


def timestamp(
    authority: Annotated[str, typer.Option("--authority", help="URL of the authority. 时间戳服务地址。")],
    certificate: Annotated[
        Path | None,
        typer.Option(help="Its root certificate, PEM or DER: refuse tokens that do not hold under it."),
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Have the latest anchored checkpoint time-stamped by an outside authority. 申请可信时间戳。"""
    from yinzheng.ledger.flow.timestamps import stamp_checkpoint

    pinned = () if certificate is None else _authorities(certificate, authority)
    with writing(state, json_) as (registry, progress):
        progress("asking the authority")
        size, stamped = stamp_checkpoint(registry, authority, pinned)
    at = datetime.fromtimestamp(stamped.stamped_at, UTC).isoformat()
    tell(
        json_,
        {
            "size": size,
            "digest": stamped.digest.hex(),
            "stamped_at": stamped.stamped_at,
            "authority": stamped.authority,
            "checked": certificate is not None,
        },
        f"checkpoint of size {size} stamped at {at} 已加盖时间戳",
    )


def _authorities(path: Path, name: str) -> tuple[TimeAuthority, ...]:
    from yinzheng.verifier.judge.timestamp import read_certificates

    with path.open("rb") as file:
        data = file.read(MAX_CERTIFICATES + 1)
    if len(data) > MAX_CERTIFICATES:
        raise DataFault("a certificate is not that large", code="time-authority-malformed")
    return read_certificates(data, name)
