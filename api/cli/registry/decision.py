"""Commands for deciding elsewhere (S18): signed where one's key is, carried out where the registry is."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yinzheng.api.cli.files import read_file, read_json
from yinzheng.api.cli.output import Json, err, tell
from yinzheng.api.cli.registry.asking import require_agreed
from yinzheng.api.cli.registry.cases import tell_by_letter
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, writing
from yinzheng.api.cli.registry.persons import As, own_key
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, found_in

if TYPE_CHECKING:
    from yinzheng.ledger.people.decisions import Content, SignedDecision
    from yinzheng.verifier.judge.trust import TrustPolicy

Policy = Annotated[
    Path, typer.Option("--trust", help="The registry's policy, as it handed it out in person. 信任策略。")
]
_MOST: Final = 512 * 1024
"""Bytes of a file or an answer."""

Out = Annotated[Path, typer.Option("--out", help="File to write. 输出文件。")]


def new(
    action: Annotated[
        str,
        typer.Argument(
            help="accept, request-supplement, review, approve, publish, resolve, refuse, issue, remark or "
            "lift. 决定。"
        ),
    ],
    case: Annotated[
        str,
        typer.Argument(
            metavar="CASE",
            help="The case; of a remark, or an objection to what is registered, the certificate. "
            "案件编号或证书编号。",
        ),
    ],
    as_: As,
    trust: Policy,
    out_file: Out,
    arguments: Annotated[
        Path | None, typer.Option(help="What the decision says, as JSON (S18.3). 决定内容。")
    ] = None,
    json_: Json = False,
) -> None:
    """Sign a decision on one's own machine, with one's own key. 本机签署决定。"""
    from yinzheng.ledger.people.decisions import MESSAGES, SignedDecision

    if action not in MESSAGES:
        raise UsageFault(
            f"nobody decides to {action} elsewhere",
            code="decision-action",
            hint=f"One of: {', '.join(MESSAGES)}.",
        )
    policy = _policy(trust)
    made = SignedDecision(
        origin=policy.origin,
        chain=policy.chain_id,
        person=as_,
        action=action,
        case=case,
        arguments={} if arguments is None else _object(arguments),
        at=int(time.time()),
        nonce=bytes(16),
    ).sign(own_key(as_))
    _write(out_file, made.to_json())
    tell(
        json_,
        {"file": str(out_file), "action": action, "case": case},
        (
            f"{out_file}: {as_} decides to {action} {case} 已签署",
            f"  → yinzheng decision submit {out_file}",
        ),
    )


def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `decision submit` gave back.")],
    as_: As,
    trust: Policy,
    out_file: Out,
    json_: Json = False,
) -> None:
    """Approve what the contracts ask for, after reading it. 签署链上核准。

    What is shown (on stderr, also with --json) is what is signed: the approval is made again from it.
    """
    from dataclasses import replace

    from yinzheng.ledger.elsewhere.shown import Pinned, sign_shown
    from yinzheng.ledger.people.decisions import Content, SignedDecision

    policy, value = _policy(trust), _object(file)
    try:
        made = SignedDecision.from_json(value["decision"])
        prepared, message = bytes.fromhex(value["prepared"]), value["message"]
        content = Content.from_json(value["content"])
    except (KeyError, TypeError, ValueError):
        raise DataFault("this is nothing to sign", code="decision-prepared") from None
    if made.person != as_:
        raise UsageFault(f"{made.person} decided this", code="person-key")
    key = own_key(as_)
    if made.signer() != key.address:
        raise DataFault("this decision was not signed with this key", code="key-differs")
    made.check(policy.origin, policy.chain_id, int(time.time()))
    signature = sign_shown(message, content, made, Pinned.of(policy), key)
    _show(content)
    signed = replace(made, prepared=prepared, approvals=(signature,)).sign(key)
    _write(out_file, signed.to_json())
    tell(
        json_,
        {"file": str(out_file), "message": message, "content": content.to_json()},
        f"{out_file}: {message['primaryType']} approved 已核准",
    )


def _show(content: Content) -> None:
    """Show what would be approved, and at a terminal ask; without a yes nothing is written."""
    err.print(f"{content.statement.type}  {content.statement.leaf_hash.hex()}", markup=False)
    _lines(content.body)
    if content.move is not None:
        joint = content.move["request"]
        err.print("asked for 申请")
        _lines(joint["request"])
        # Whose the keys are a registry says; the contracts ask for the parties' accounts besides.
        err.print("signed with these keys, which the registry names as theirs 签署公钥（由登记机构所称）")
        for one in joint["signatures"]:
            err.print(f"  {one['code']}  {one['key']}", markup=False)
        for one in joint["authorisations"]:
            err.print(f"  {one['authorisation']['principal']}  {one['key']}", markup=False)
        for one in content.move["prepared"]["stated"][:-1]:
            err.print("follows 随之登记")
            _lines(one["body"])
    if sys.stdin.isatty():
        require_agreed("approve this 确认核准?")


def _lines(value: object) -> None:
    for line in json.dumps(value, ensure_ascii=False, indent=1).split("\n"):  # and at nothing in a text
        err.print(f"  {line}", markup=False)


def submit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The signed decision. 已签署的决定。")],
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Gets what is still to be signed. 待签文件。")
    ] = None,
    desk: Annotated[str | None, typer.Option(help="Hand it to the desk at this address. 柜台地址。")] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Have a signed decision carried out, by the desk or here; no key of a person is needed. 提交决定。"""
    from yinzheng.ledger.people.decisions import SignedDecision

    value = _object(file)
    made = SignedDecision.from_json(value)
    outcome = _sent(desk, made) if desk is not None else _carried_out(state, json_, made)
    if outcome["done"]:
        tell(json_, outcome, f"{made.case}: {made.action} carried out 已办理")
        tell_by_letter(outcome.get("by_letter", ()))
        return
    rest = out_file or file.with_name(f"{file.stem}.to-sign.json")
    asked = {name: outcome[name] for name in ("prepared", "message", "content")}
    _write(rest, {"decision": value, **asked})
    tell(
        json_,
        {"done": False, "to_sign": str(rest)},
        (f"{rest}: {made.person} signs this first 待本人签署", f"  → yinzheng decision sign {rest}"),
    )


def _carried_out(state: Path, json_: bool, made: SignedDecision) -> Any:
    from yinzheng.ledger.elsewhere import submitting

    with writing(state, json_) as (registry, _):
        return submitting.submit(registry, made).to_json()


def _sent(desk: str, made: SignedDecision) -> Any:
    from yinzheng.ledger.net import plain
    from yinzheng.ledger.net.exchange import Bounds, NoAnswer, Sent, Untrusted
    from yinzheng.ledger.organisations.addresses import is_secure_address
    from yinzheng.verifier.bytes import canonical

    if not is_secure_address(desk):
        raise UsageFault(
            "a desk is reached over https, or on this machine", code="desk-address", hint="Check --desk."
        )
    body = canonical.dumps(made.to_json())
    url, media = f"{desk.rstrip('/')}/people/v1/decisions", {"Content-Type": "application/json"}
    try:
        answer = plain.send(Sent("POST", url, body, media), Bounds(_MOST, 90, 60), os.environ)
        value = canonical.loads(answer.body, max_bytes=_MOST)
    except Untrusted:
        raise UsageFault(
            f"{desk} does not prove that it is who it says (TLS)",
            code="desk-untrusted",
            hint="Check --desk; a certificate of one's own authority is named in SSL_CERT_FILE.",
        ) from None
    except (NoAnswer, DataFault):
        raise EnvironmentFault(
            "the desk gives no answer that can be read",
            code="desk-unreachable",
            hint="Check its address, and submit the same file again: it is taken once.",
        ) from None
    if not isinstance(value, dict) or answer.status not in (200, 202):
        told = value if isinstance(value, dict) else {}
        raise DataFault(
            str(told.get("message", "the desk refuses")),
            code=str(told.get("code", "desk-refused")),
            hint=str(told.get("hint", "")),
        )
    return value


def _policy(path: Path) -> TrustPolicy:
    from yinzheng.verifier.judge.trust import MAX_TRUST, parse_trust

    with found_in(path):
        return parse_trust(read_file(path, MAX_TRUST))


def _object(path: Path) -> dict[str, Any]:
    with found_in(path):
        value = read_json(path, _MOST)
    if not isinstance(value, dict):
        raise DataFault(f"{path} is no JSON object", code="json-malformed")
    return value


def _write(path: Path, value: Any) -> None:
    from yinzheng.ledger.state.files import write_durably

    write_durably(path, json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n", mode=0o600)
