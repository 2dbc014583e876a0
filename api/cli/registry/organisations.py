"""Commands of officers about organisations and their keys (R41), and the operator's desk."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import read_json
from yinzheng.api.cli.org.common import china_time
from yinzheng.api.cli.output import Json, out, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, Proxy, State, acting, keys_of, writing
from yinzheng.api.cli.registry.persons import Administrator, As, MaybeAs
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.formats.organisation import REASONS

if TYPE_CHECKING:
    from yinzheng.ledger.organisations.listing import Listed
    from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault, found_in

MAX_FILE = 64 * 1024

Code = Annotated[
    str, typer.Argument(metavar="CODE", help="Its unified social credit code. 统一社会信用代码。")
]


def enrol(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="enrolment.json, as `org key new` made it.")],
    as_: As,
    state: State = DEFAULT_STATE,
    webhook: Annotated[
        str | None, typer.Option(help="https URL where it is told; default: it asks. 通知地址。")
    ] = None,
    administrator: Administrator = None,
    json_: Json = False,
) -> None:
    """Enrol an organisation whose identity was checked. 机构入册。"""
    from yinzheng.ledger.organisations import enrolment
    from yinzheng.verifier.formats.organisation import parse_enrolment

    with found_in(file):
        body = parse_enrolment(read_json(file, MAX_FILE))
    with writing(state, json_) as (registry, _):
        giver = None if administrator is None else acting(registry, administrator)
        leaf = enrolment.enrol(registry, body, acting(registry, as_), webhook, administrator=giver)
    code, kid = body.organisation.code, body.grant.kid.hex()

    def text() -> Iterator[str]:
        roles = ", ".join(body.roles)
        yield f"{code} {body.organisation.name}: enrolled as {roles}, key {kid} 已入册"

    tell(json_, {"code": code, "kid": kid, "leaf": leaf.hex()}, text())


def organisations(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List organisations with their keys. 机构列表。"""
    from yinzheng.ledger.organisations.listing import list_organisations
    from yinzheng.ledger.registry import wall_clock

    listed = list_organisations(state, wall_clock())

    def text() -> Iterator[str]:
        for one in listed:
            kid = "no key in force 无有效密钥" if one.kid is None else f"key {one.kid.hex()}"
            yield f"{one.code}  {one.name}  {' '.join(one.roles)}  {kid}"

    tell(json_, [_shown(one) for one in listed], text())


def holder_file(
    code: Code,
    out_file: Annotated[Path, typer.Option("--out", help="A new file. 输出文件。")] = Path("holder.json"),
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Write what proves whose a holder's key is, with fresh evidence, for whoever asks. 权利人密钥证明。"""
    from yinzheng.api.cli.files import write_new
    from yinzheng.ledger.reading import open_reader
    from yinzheng.ledger.registry import wall_clock

    with open_reader(state, wall_clock) as reader:
        content = reader.holder_file(code)
    if content is None:
        raise UsageFault(
            f"no holder {code} is enrolled here, or not anchored yet",
            code="holder-none",
            hint="See `yinzheng organisations`; `yinzheng settle` carries on what waits.",
        )
    write_new(out_file, content)
    tell(json_, {"code": code, "file": str(out_file)}, f"{code}: {out_file} 已输出")


def rotate_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="rotation.json, as `org key rotate` made it.")],
    state: State = DEFAULT_STATE,
    as_: MaybeAs = None,
    administrator: Administrator = None,
    json_: Json = False,
) -> None:
    """Let an organisation's new key take over. 更换密钥。"""
    from yinzheng.ledger.organisations import enrolment
    from yinzheng.verifier.formats.organisation import parse_rotation

    with found_in(file):
        body = parse_rotation(read_json(file, MAX_FILE))
    with writing(state, json_) as (registry, _):
        by = None if as_ is None else acting(registry, as_)
        giver = None if administrator is None else acting(registry, administrator)
        leaf = enrolment.rotate(registry, body, by, administrator=giver)
    kid = body.grant.kid.hex()
    tell(
        json_,
        {"code": body.grant.code, "kid": kid, "leaf": leaf.hex()},
        f"{body.grant.code}: key {kid} takes over 启用: {china_time(body.grant.not_before)}",
    )


def revoke_key(
    code: Code,
    kid: Annotated[str, typer.Argument(metavar="KID", help="The key's 16 hex characters. 密钥标识。")],
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}. 原因。")],
    as_: As,
    since: Annotated[
        str | None, typer.Option(help="From when on, such as 2026-11-22T10:00; default: now. 自何时起。")
    ] = None,
    administrator: Administrator = None,
    account: Annotated[
        bool,
        typer.Option("--account", help="A holder's account too, for good. 链上账户一并停用。"),
    ] = False,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """End a key that was lost, compromised or left behind. 吊销密钥。"""
    from yinzheng.ledger.organisations import enrolment, holding
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.verifier.formats.organisation import AccountRevocation, Revocation

    if reason not in REASONS or (account and reason == "left"):
        raise UsageFault(f"the reason is one of {', '.join(REASONS)}", code="key-reason")
    try:
        name = bytes.fromhex(kid)
    except ValueError:
        name = b""
    if len(name) != 8:
        raise UsageFault("a key is named by 16 hex characters", code="kid-malformed")
    began = wall_clock() if since is None else parse_instant(since, Day.BEGINS)
    with writing(state, json_) as (registry, _):
        told = max(began, wall_clock())
        revocation = Revocation(code, name, reason, began, told)
        if account:
            lost = holding.account_now(registry, code, told)
            revocation = AccountRevocation(code, name, reason, began, told, lost)
        taker = None if administrator is None else acting(registry, administrator)
        leaf = enrolment.revoke(registry, revocation, acting(registry, as_), administrator=taker)
    tell(json_, {"code": code, "kid": kid, "leaf": leaf.hex()}, f"{code}: key {kid} no longer holds 已吊销")


def veto(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `holder veto --out` wrote it. 否决文件。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Bring a holder's veto of an announced replacement to the chain. 转交账户更换否决。"""
    from yinzheng.ledger.organisations import holding
    from yinzheng.verifier.formats.veto import parse_veto

    with found_in(file):
        said = parse_veto(read_json(file, MAX_FILE))
    with writing(state, json_) as (registry, _):
        holding.veto(registry, said)
    tell(json_, {"code": said.code, "serial": said.serial}, f"{said.code}: replacement vetoed 已否决")


def webhook(
    code: Code,
    as_: As,
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="Leave out: it asks itself.")] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Set where an organisation is told of withdrawals and disputes. 通知地址。"""
    from yinzheng.ledger.organisations import enrolment

    with writing(state, json_) as (registry, _):
        enrolment.change_webhook(registry, code, url, acting(registry, as_))
    tell(json_, {"code": code, "webhook": url}, f"{code}: {url or 'asks for its notices itself 自行查询'}")


def dismiss(code: Code, as_: As, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Take a forum's or exchange's power on chain. 解除裁判机构或交易所链上权限。"""
    from yinzheng.ledger.organisations import enrolment

    with writing(state, json_) as (registry, _):
        enrolment.dismiss(registry, code, acting(registry, as_))
    tell(json_, {"code": code, "role": False}, f"{code}: acts no more on the chain 已解除")


def appoint(
    code: Code,
    as_: As,
    administrator: Annotated[str, typer.Option(help="Who gives the role on chain. 管理员。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Give a dismissed forum or exchange its power on chain once more. 恢复链上权限。"""
    from yinzheng.ledger.organisations import enrolment

    with writing(state, json_) as (registry, _):
        enrolment.appoint(
            registry, code, acting(registry, as_), administrator=acting(registry, administrator)
        )
    tell(json_, {"code": code, "role": True}, f"{code}: acts on the chain again 已恢复")


def desk(
    state: State = DEFAULT_STATE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=0, max=65535)] = 8001,
    rate: Annotated[
        int,
        typer.Option(help="Requests a second granted to each organisation; twice as many at once.", min=1),
    ] = 50,
    proxy: Proxy = None,
    deliver_within: Annotated[
        list[str] | None,
        typer.Option(help="Network of ours, such as 10.2.0.0/16, to which notices may go. 允许的内网网段。"),
    ] = None,
    letters_for: Annotated[
        int,
        typer.Option(
            metavar="HOURS",
            help="How long a webhook's letter is tried before it is dead. 来信重试时限（小时）。",
            min=1,
            max=24 * 90,
        ),
    ] = 21,
    json_: Json = False,
) -> None:
    """Serve organisations and patients: holds the keys, records what they sign. 柜台服务。"""
    from yinzheng.api.desk import run_desk
    from yinzheng.api.desk.quotas import MAX_CHECKS, Quota
    from yinzheng.api.desk.server import DeskLimits
    from yinzheng.api.http.limits import Rate
    from yinzheng.ledger.notify.sending import read_network
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.state.instance import read_instance

    within = [read_network(network) for network in deliver_within or ()]
    read_instance(state)  # or there is nothing to announce

    def ready(url: str) -> None:

        def text() -> None:
            out.print(f"\n印证 Yinzheng: the desk is at {url}", style="bold", markup=False)
            out.print("Ctrl-C ends it; nothing is lost. 按 Ctrl-C 结束。", markup=False)

        tell(json_, {"url": url}, text)

    # A service manager ends it as Ctrl-C does: what is in hand is finished first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # the way to end it
        run_desk(
            state,
            keys_of,
            host,
            port,
            clock=wall_clock,
            limits=DeskLimits(
                organisation=Rate(rate, 2 * rate),
                quota=Quota(checks=Rate(rate, max(MAX_CHECKS, 2 * rate))),
            ),
            proxies=proxy or (),
            within=within,
            letter_hours=letters_for,
            ready=ready,
        )


def _shown(one: Listed) -> dict[str, JSON]:
    return {
        "code": one.code,
        "name": one.name,
        "roles": [*one.roles],
        "account": None if one.account is None else one.account.hex(),
        "webhook": one.webhook,
        "kid": None if one.kid is None else one.kid.hex(),
        "keys": [
            {"kid": key.kid.hex(), "from": key.begins_at, "until": key.ends_at, "end": key.end.value}
            for key in one.keys
        ],
    }
