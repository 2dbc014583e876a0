"""What only shows between the fields of an application (R18, R19, R22, R23, R27)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from yinzheng.ledger.dossiers.fields import Problem, is_whole
from yinzheng.ledger.rules.holders import Holder, holder_problems, in_order
from yinzheng.ledger.rules.levels import person_level_problem
from yinzheng.ledger.rules.review import information_problem
from yinzheng.ledger.rules.terms import FileRole, InformationRoute, LawfulBasis, Processing, Right
from yinzheng.ledger.rules.volume import SpecialKind, Volume, flags
from yinzheng.verifier.bytes import canonical

_CERTIFICATE_SHARE = 5000
"""Bytes of the 8192 of a certificate's body (S6.1) that holders and limits may take."""
REQUIRED_ROLES = frozenset({FileRole.IDENTITY, FileRole.SOURCE, FileRole.ASSESSMENT, FileRole.SAMPLE})
"""Without a file of each of these an application is not complete (R18)."""


def holders_of(holders: list[dict[str, Any]]) -> tuple[Holder, ...]:
    """Give the holders of their fields, the rights of each in order."""
    return tuple(Holder(h["name"], h["code"], in_order(map(Right, h["rights"]))) for h in holders)


def volume_of(volume: dict[str, Any]) -> Volume:
    """Give the volume of its fields."""
    return Volume(
        volume["persons"],
        volume["sensitive_persons"],
        volume["nationwide"],
        frozenset(map(SpecialKind, volume["kinds"])),
    )


def cross_checks(fields: dict[str, Any], notices: Sequence[bytes], problems: list[Problem]) -> None:
    """Add what only shows between fields, wherever the fields concerned could be read.

    `fields` are those read, `notices` the notice versions named.
    """
    information = fields["personal_information"]
    if is_whole(information) and not any(problem.path.startswith("$.notices") for problem in problems):
        problems += [Problem("$.notices", what) for what in _notice_problems(information, notices)]
    for names, check in _CROSS:
        values = [fields[name] for name in names]
        if is_whole(*values):
            problems += [Problem(f"$.{names[0]}", what) for what in check(*values)]


def _name_problems(asset: dict[str, str]) -> list[str]:
    absent = [
        part for part in ("time", "region", "trade", "content", "type") if asset[part] not in asset["name"]
    ]
    return [f"has a name that leaves out its own {', '.join(absent)} (R18)"] if absent else []


def _holders_problems(holders: list[dict[str, Any]], asked: list[str]) -> list[str]:
    if any(_twice(holder["rights"]) for holder in holders):
        return ["is wrong: a holder has the same right twice (R3)"]
    return [f"is wrong: {what} (R3)" for what in holder_problems(holders_of(holders), map(Right, asked))]


def _size_problems(holders: list[dict[str, Any]], limits: str) -> list[str]:
    size = len(canonical.dumps({"holders": holders, "limits": limits}))
    return (
        [f"and limits take {size} bytes, more than {_CERTIFICATE_SHARE}"] if size > _CERTIFICATE_SHARE else []
    )


def _applicant_problems(holders: list[dict[str, Any]], applicant: dict[str, Any]) -> list[str]:
    names = {holder["code"]: holder["name"] for holder in holders}
    if applicant["code"] not in names:
        return ["leaves out the applicant, who asks for a right of its own"]
    if names[applicant["code"]] != applicant["name"]:
        return ["gives the applicant another name than $.applicant.name"]
    return []


def _twice(values: list[str]) -> list[str]:
    return ["names something twice"] if len(set(values)) < len(values) else []


def _span_problems(span: dict[str, date]) -> list[str]:
    return ["ends before it begins"] if span["to"] < span["from"] else []


def _volume_problems(volume: dict[str, Any]) -> list[str]:
    more = volume["sensitive_persons"] > volume["persons"]
    found = ["has more persons with sensitive data than persons"] if more else []
    if volume["kinds"] and not volume["nationwide"]:
        found.append("names kinds, which count nationwide data only (R23)")
    return found


def _information_problems(information: dict[str, Any]) -> list[str]:
    basis = None if information["basis"] is None else LawfulBasis(information["basis"])
    route, ground = InformationRoute(information["route"]), information["ground"]
    what = information_problem(route, basis, ground, retrospective=information["retrospective"])
    return [f"is wrong: {what}"] if what else []


def _sensitive_problems(processing: list[str], volume: dict[str, Any]) -> list[str]:
    if volume["sensitive_persons"] and Processing.SENSITIVE not in processing:
        return ["leaves out sensitive, though the volume counts persons with sensitive data"]
    return []


def _level_problems(level: dict[str, Any], information: dict[str, Any]) -> list[str]:
    what = person_level_problem(level["value"], InformationRoute(information["route"]))
    return [what] if what else []


def _notice_problems(information: dict[str, Any], notices: Sequence[bytes]) -> list[str]:
    rests = (information["route"], information["basis"]) == (
        InformationRoute.IDENTIFIABLE,
        LawfulBasis.CONSENT,
    )
    if rests and not notices:
        return ["is missing: identifiable data on consent names the notices consented to (R19, R30)"]
    return []


def _risk_problems(files: list[dict[str, str]], volume: dict[str, Any]) -> list[str]:
    if (
        _volume_problems(volume)
        or not flags(volume_of(volume))
        or any(f["role"] == FileRole.RISK for f in files)
    ):
        return []
    return ["has no file of role risk, though the volume may be important data (R23)"]


def _file_problems(files: list[dict[str, str]]) -> list[str]:
    missing = sorted(REQUIRED_ROLES - {FileRole(f["role"]) for f in files})
    return [f"has no file of role {role} (R18)" for role in missing]


_CROSS: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("asset",), _name_problems),
    (("rights",), _twice),
    (("holders", "rights"), _holders_problems),
    (("holders", "applicant"), _applicant_problems),
    (("holders", "limits"), _size_problems),
    (("time_span",), _span_problems),
    (("sample_fields",), _twice),
    (("volume",), _volume_problems),
    (("personal_information",), _information_problems),
    (("processing",), _twice),
    (("processing", "volume"), _sensitive_problems),
    (("level", "personal_information"), _level_problems),
    (("files",), _file_problems),
    (("files", "volume"), _risk_problems),
)
