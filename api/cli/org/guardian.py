"""What a guardian showed, as options of who looked at it: an officer, or the controller's counter (R33)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.files import digest_of
from yinzheng.api.instants import parse_instant
from yinzheng.verifier.formats.consent import GUARDIANSHIP_PROOFS, IDENTITY_PROOFS, RELATIONS

if TYPE_CHECKING:
    from yinzheng.verifier.bytes.canonical import JSON


@dataclass(frozen=True, slots=True)
class ShownByGuardian:
    """What a guardian showed; each field is an option of the command that takes it (`showing`)."""

    relation: Annotated[str, typer.Option(help=f"One of {', '.join(RELATIONS)}. 与未成年人的关系。")]
    identity_file: Annotated[
        Path, typer.Option(help="Copy of the document of identity; only its digests are kept. 身份证件副本。")
    ]
    guardianship_file: Annotated[
        Path,
        typer.Option(help="Copy of the proof of guardianship; only its digests are kept. 监护证明副本。"),
    ]
    guardianship: Annotated[
        str, typer.Option(help=f"What it is: one of {', '.join(GUARDIANSHIP_PROOFS)}. 监护证明种类。")
    ]
    identity: Annotated[
        str, typer.Option(help=f"What it is: one of {', '.join(IDENTITY_PROOFS)}. 证件种类。")
    ] = "identity_card"
    live_face_by: Annotated[
        str | None,
        typer.Option(
            help="Credit code of who compared face and document and found them alike, if not we; the face "
            "itself is kept nowhere. 人脸核验机构。"
        ),
    ] = None
    checked: Annotated[
        str | None, typer.Option(help="When all of it was looked at; default: now. 核验时间。")
    ] = None

    def proof(self, checked_by: str, now: int) -> dict[str, JSON]:
        """The proof as JSON (S10.6), of the organisation (R17) that looked at it; `now` in UTC seconds.

        Raises `UsageFault` (`file-missing`, `instant`); what it says is checked by who reads it.
        """
        checked_at = now if self.checked is None else parse_instant(self.checked)
        at: dict[str, Any] = {"checked_by": checked_by, "checked_at": checked_at}
        face: dict[str, Any] = {"passed": True, **at}
        if self.live_face_by is not None:
            face["checked_by"] = self.live_face_by
        identity, guardianship = (
            {"kind": kind, "digest": digest_of(file).to_json(), **at}
            for kind, file in (
                (self.identity, self.identity_file),
                (self.guardianship, self.guardianship_file),
            )
        )
        return {
            "relation": self.relation,
            "live_face": face,
            "identity": identity,
            "guardianship": guardianship,
        }


def showing(command: Callable[..., None]) -> Callable[..., None]:
    """A command with `shown` as a parameter, with the options of `ShownByGuardian` in its place."""
    signature = inspect.signature(command, eval_str=True)
    options = [
        one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for one in inspect.signature(ShownByGuardian, eval_str=True).parameters.values()
    ]
    names = {one.name for one in options}

    @functools.wraps(command)
    def run(*args: Any, **given: Any) -> None:
        shown = ShownByGuardian(**{name: given.pop(name) for name in names})
        command(*args, shown=shown, **given)

    kept = [one for one in signature.parameters.values() if one.name != "shown"]
    wanted = [*kept, *options]
    run.__signature__ = signature.replace(parameters=wanted)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in wanted}
    return run
