"""`yinzheng holder request …`: what a holder or a forum asks for, drafted (D16)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.files import read_file
from yinzheng.api.cli.org.common import DEFAULT_ORG, OrgFolder, clock
from yinzheng.api.cli.org.holder import require_holder
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.chain.terms import ACTS, TERRITORY
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import RIGHTS
from yinzheng.verifier.formats.dossier import FILE_ROLES
from yinzheng.verifier.formats.move_terms import GROUNDS, HOLDERS_GROUNDS
from yinzheng.verifier.formats.moves import CHANGE_GROUNDS
from yinzheng.verifier.formats.organisation import FORUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yinzheng.api.org.asking import Document
    from yinzheng.api.org.member import Member
    from yinzheng.verifier.formats.body import Body
    from yinzheng.verifier.formats.move_request import MoveRequest

_CERTIFICATE_BYTES = 64 * 1024 * 1024

_OUT = Annotated[Path, typer.Option("--out", help="A new folder for request and documents. 输出目录。")]
_CERTIFICATE = Annotated[
    Path, typer.Option("--certificate", help="The certificate: PDF, picture or JSON file. 证书文件。")
]
_DOCUMENTS = Annotated[
    list[str],
    typer.Option(
        "--document",
        help=f"PATH:ROLE:TITLE, ROLE one of {', '.join(FILE_ROLES)}; of a licence or transfer one is"
        " consideration. 材料。",
    ),
]
_RIGHTS = Annotated[list[str], typer.Option("--right", help=f"{', '.join(RIGHTS)}; repeat. 权利。")]
_TO = Annotated[str, typer.Option("--to", help="The other party, CODE:NAME. 对方机构。")]
_SUMMARY = Annotated[str, typer.Option(help="What the public is told. 公示摘要。")]
_WITH = Annotated[
    list[str] | None, typer.Option("--with", help="Another holder of it, CODE:NAME; repeat. 其他权利人。")
]


def licence(
    certificate: _CERTIFICATE,
    to: _TO,
    right: _RIGHTS,
    act: Annotated[list[str], typer.Option("--act", help=f"{', '.join(ACTS)}; repeat. 行为。")],
    purposes: Annotated[str, typer.Option(help="What for. 用途。")],
    ends: Annotated[str, typer.Option(help="The last day, or instant. 终止日。")],
    document: _DOCUMENTS,
    out_folder: _OUT,
    begins: Annotated[str | None, typer.Option(help="Default: when it is registered. 起始。")] = None,
    territory: Annotated[
        list[str] | None, typer.Option(help="Province-level code, such as 44; default: everywhere. 地域。")
    ] = None,
    exclusive: Annotated[bool, typer.Option("--exclusive", help="None later beside it. 独占。")] = False,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Draft the request for a licence that we give. 起草许可请求。"""
    terms = {
        "rights": [one for one in RIGHTS if one in right],
        "acts": [one for one in ACTS if one in act],
        "territory": sorted(set(territory or TERRITORY)),
        "purposes": purposes,
        "exclusive": exclusive,
        "begins": None if begins is None else parse_instant(begins, Day.BEGINS),
        "ends": parse_instant(ends, Day.ENDS),
    }
    _known(right, RIGHTS)
    _known(act, ACTS)
    _draft("licence", terms, certificate, document, out_folder, org, json_, ("licensor", "licensee"), [to])


def licence_end(
    certificate: _CERTIFICATE,
    licence: Annotated[str, typer.Option(help="Its number, such as L-2026-000001. 许可编号。")],
    reasons: Annotated[str, typer.Option(help="Why. 理由。")],
    document: _DOCUMENTS,
    out_folder: _OUT,
    to: Annotated[
        str | None, typer.Option("--to", help="The licensee, CODE:NAME; a forum ends it alone. 被许可方。")
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Draft the request to end a licence before its term. 起草许可终止请求。"""
    roles = ("forum",) if to is None else ("licensor", "licensee")
    terms = {"licence": licence, "reasons": reasons}
    _draft(
        "licence_end", terms, certificate, document, out_folder, org, json_, roles, [] if to is None else [to]
    )


def transfer(
    certificate: _CERTIFICATE,
    to: _TO,
    right: _RIGHTS,
    document: _DOCUMENTS,
    out_folder: _OUT,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Draft the request to transfer rights of ours. 起草转让请求。"""
    _known(right, RIGHTS)
    terms = {"rights": [one for one in RIGHTS if one in right]}
    roles = ("transferor", "transferee")
    _draft("transfer", terms, certificate, document, out_folder, org, json_, roles, [to])


def change(
    certificate: _CERTIFICATE,
    change: Annotated[
        list[str],
        typer.Option(
            "--change",
            help="NAME=VALUE: asset, class, level (SCHEME:1-5), limits, scale, source, or a holder's name,"
            " name:CODE=VALUE; repeat. 变更事项。",
        ),
    ],
    ground: Annotated[str, typer.Option(help=f"{', '.join(CHANGE_GROUNDS)}. 变更事由。")],
    summary: _SUMMARY,
    document: _DOCUMENTS,
    out_folder: _OUT,
    with_: _WITH = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Draft the request to have the certificate read otherwise. 起草变更请求。"""
    _known([ground], CHANGE_GROUNDS)
    terms = {"changes": _changes(change), "ground": ground, "summary": summary}
    _draft("change", terms, certificate, document, out_folder, org, json_, ("holder",), with_ or [])


def renewal(
    certificate: _CERTIFICATE,
    years: Annotated[int, typer.Option(help="Years more. 续期年数。", min=1, max=5)],
    summary: _SUMMARY,
    document: _DOCUMENTS,
    out_folder: _OUT,
    with_: _WITH = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Draft the request for a further term, in the six months before the last day. 起草续期请求。"""
    terms = {"years": years, "summary": summary}
    _draft("renewal", terms, certificate, document, out_folder, org, json_, ("holder",), with_ or [])


def cancellation(
    certificate: _CERTIFICATE,
    ground: Annotated[str, typer.Option(help=f"{', '.join(HOLDERS_GROUNDS)}. 注销事由。")],
    summary: _SUMMARY,
    document: _DOCUMENTS,
    out_folder: _OUT,
    with_: _WITH = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Draft the request to have the certificate cancelled for good. 起草注销请求。"""
    _known([ground], GROUNDS)
    terms = {"ground": ground, "summary": summary}
    _draft("cancellation", terms, certificate, document, out_folder, org, json_, ("holder",), with_ or [])


def _draft(
    kind: str,
    terms: dict[str, Any],
    certificate: Path,
    documents: list[str],
    folder: Path,
    org: Path,
    json_: bool,
    roles: tuple[str, ...],
    others: list[str],
) -> None:
    from yinzheng.api.org.asking import require_ours, write_request
    from yinzheng.api.org.member import Member
    from yinzheng.api.org.registry import PINNED, pinned

    member = Member.open(org, os.environ)
    _require_role(member, roles[0])
    own = (member.profile.code, member.profile.name)
    parties = [own, *(_party(one) for one in others)]
    if roles == ("holder",):
        parties.sort()
        roles = ("holder",) * len(parties)
    found = [_document(one) for one in documents]
    body, leaf = _certified(certificate)
    if (org / PINNED).exists():
        require_ours(body, pinned(org))
    request = _request(kind, terms, body, leaf, list(zip(parties, roles, strict=True)), found)
    file = write_request(folder, request, found)
    value = {"request": str(file), "type": kind, "certificate": request.certificate.number}
    tell(json_, value, f"{file}: sign it, then hand the folder on: yinzheng holder sign {folder} 请签署")


def _require_role(member: Member, drafts: str) -> None:
    """Raises `UsageFault` `organisation-role` or `account-needed` unless it could sign what it drafts."""
    if drafts != FORUM:
        require_holder(member)
        return
    if FORUM not in member.profile.roles:
        raise UsageFault(
            "this organisation is no forum, and a forum alone ends a licence by itself",
            code="organisation-role",
            hint="Licensor and licensee end it together: name the licensee with --to CODE:NAME.",
        )
    if member.profile.account is None:
        raise UsageFault(
            "this forum has no account, and signs last with it what ends the licence",
            code="account-needed",
            hint="Make its keys anew, and have them enrolled: `yinzheng org key new --role forum`.",
        )


def _request(
    kind: str,
    terms: dict[str, Any],
    body: Body,
    leaf: bytes,
    parties: list[tuple[tuple[str, str], str]],
    documents: list[Document],
) -> MoveRequest:
    from yinzheng.api.org.asking import require_drawn
    from yinzheng.verifier.formats.move_request import read_request

    value = {
        "v": 1,
        "registry": body.registry.code,
        "type": kind,
        "certificate": {"number": body.number, "leaf": leaf.hex()},
        "parties": [{"name": name, "code": code, "role": role} for (code, name), role in parties],
        "terms": terms,
        "documents": [one.entry() for one in documents],
        "made_at": clock(),
        "nonce": secrets.token_hex(16),
    }
    return require_drawn(read_request(value), body, clock())


def _certified(file: Path) -> tuple[Body, bytes]:
    """The body of a certificate, and the leaf hash of its deposit."""
    from yinzheng.api.extraction import extract
    from yinzheng.verifier.containers.certfile import parse_file
    from yinzheng.verifier.formats.certificate import decode_qr

    shown = extract(read_file(file, _CERTIFICATE_BYTES))
    if shown.file is not None:
        found = parse_file(shown.file)
        return found.record, found.statement.leaf_hash
    if shown.qr is None:
        raise UsageFault(
            "a number alone does not say what was deposited",
            code="request-certificate",
            hint="Give the certificate's file, PDF or picture.",
        )
    core = decode_qr(shown.qr)
    return core.body, core.statement().leaf_hash


def _changes(written: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names: dict[str, str] = {}
    for one in written:
        name, equals, value = one.partition("=")
        if not equals:
            raise UsageFault(f"{one} is not NAME=VALUE", code="field-value", hint="Such as asset=新名称.")
        if name.startswith("name:"):
            names[name.removeprefix("name:")] = value
        elif name == "level":
            scheme, _, number = value.rpartition(":")
            found["level"] = {"scheme": scheme, "value": int(number) if number.isdecimal() else 0}
        else:
            found[name] = value
    if names:
        found["names"] = [{"code": code, "name": names[code]} for code in sorted(names)]
    return found


def _party(written: str) -> tuple[str, str]:
    code, colon, name = written.partition(":")
    if not colon or not name:
        raise UsageFault(f"{written} is not CODE:NAME", code="party-malformed", hint="Such as 9144…:某公司.")
    return code, name


def _document(written: str) -> Document:
    from yinzheng.api.org.asking import Document

    path, role, title = [*written.split(":", 2), "", ""][:3]
    if role:
        _known([role], FILE_ROLES)
    return Document(Path(path), role or "other", title or Path(path).name)


def _known(given: Sequence[str], known: Sequence[str]) -> None:
    if unknown := sorted(set(given) - set(known)):
        said = f"these are none of {', '.join(known)}: {', '.join(unknown)}"
        raise UsageFault(said, code="field-value", hint="Choose among them, each by an option of its own.")
