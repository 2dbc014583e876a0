"""Commands of the operator: create, serve, audit, hand out the policy."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from yinzheng.api.cli.output import EXIT_NOT, EXIT_UNDETERMINED, Json, err, fail, out, print_json, tell
from yinzheng.api.cli.registry.common import (
    DEFAULT_STATE,
    ChainUrls,
    Operators,
    State,
    acting,
    keys_of,
    progress_line,
    read_operators_file,
    told,
    writing,
)
from yinzheng.api.cli.registry.keys import ModulePath, TokenLabel, TokenSerial, TokenSm2Option, token_plan
from yinzheng.api.cli.registry.persons import As, by_name, new_passphrase
from yinzheng.ledger.rules.ages import BLOCK_AGE, MAX_AGE
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.contact import contact_of


def init(
    name: Annotated[str, typer.Option(help="The registry's name. 登记机构名称。")],
    code: Annotated[str, typer.Option(help="Its unified social credit code. 统一社会信用代码。")],
    officer: Annotated[list[str], typer.Option(help="An officer's short name; repeat. 登记员。")],
    committee: Annotated[list[str], typer.Option(help="A committee member's short name; repeat. 委员。")],
    admin: Annotated[
        str, typer.Option("--administrator", help="The administrator's short name. 系统管理员。")
    ],
    prefix: Annotated[str, typer.Option(help="First 5 characters of its numbers: SJ, region, registry.")],
    host: Annotated[str, typer.Option(help="Host in QR codes, such as verify.example.org. 二维码域名。")],
    state: State = DEFAULT_STATE,
    chain: ChainUrls = None,
    validator: Annotated[
        list[str] | None, typer.Option(help="Address that seals blocks of that network; repeat.")
    ] = None,
    operators: Operators = None,
    database: Annotated[
        str | None, typer.Option(help="A PostgreSQL database, without its password; default: SQLite.")
    ] = None,
    objects: Annotated[
        str | None,
        typer.Option(help="A bucket for sealed files, s3://BUCKET/PREFIX?endpoint=URL; default: a folder."),
    ] = None,
    auditor: Annotated[
        list[str] | None, typer.Option(help="An auditor's short name; repeat. 审计员。")
    ] = None,
    passphrase_file: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help="A person's own passphrase; repeat for each; default: it is asked for. 各人口令文件。",
        ),
    ] = None,
    in_token: Annotated[
        list[str] | None,
        typer.Option(help="A key to make in a token, such as kek; repeat. 放入密码设备的密钥。"),
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option(help="Data authority whose name certificates bear. 数据主管部门名称。"),
    ] = None,
    telephone: Annotated[str | None, typer.Option(help="Its telephone, for everybody. 联系电话。")] = None,
    email: Annotated[str | None, typer.Option(help="Its e-mail address. 电子邮箱。")] = None,
    address: Annotated[str | None, typer.Option(help="Its postal address. 联系地址。")] = None,
    complaints: Annotated[
        str | None, typer.Option(help="Who takes complaints about it, and how. 投诉受理单位及方式。")
    ] = None,
    unproven: Annotated[
        bool,
        typer.Option(
            "--unproven", help="Take a network whose seals nobody can check. 接受无法核验签封的链。"
        ),
    ] = False,
    module: ModulePath = None,
    token: TokenLabel = None,
    token_serial: TokenSerial = "",
    token_sm2: TokenSm2Option = None,
    json_: Json = False,
) -> None:
    """Create a registry: keys, chain, contracts, database. 新建登记机构。"""
    from yinzheng.ledger.keys.passphrase import find_passphrase
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.state.creation import Plan, create_registry

    held = {"registry": officer, "committee": committee, "administrator": [admin], "auditor": auditor or []}
    people = {one: role for role, names in held.items() for one in names}
    if len(people) < sum(map(len, held.values())):
        raise UsageFault("each person is named once and has one role", code="people-twice")
    files = by_name(tuple(people), passphrase_file)
    plan = Plan(
        registry_name=name,
        registry_code=code,
        prefix=prefix,
        host=host,
        people=people,
        chain_urls=chain or (),
        validators=tuple(_address(item) for item in validator or []),
        operators=read_operators_file(operators),
        database_url=database,
        objects_url=objects,
        token=token_plan(in_token or [], module, token, token_serial, token_sm2),
        authority=authority,
        contact=contact_of(telephone=telephone, email=email, address=address, complaints=complaints),
        unproven=unproven,
    )
    with progress_line(json_) as progress:
        network = create_registry(
            state,
            plan,
            lambda _folder: find_passphrase(os.environ),
            lambda _paths, one: new_passphrase(one, files.get(one)),
            wall_clock,
            progress,
        )

    def text() -> Iterator[str]:
        yield f"registry created in {state} 已创建"
        yield f"{network.consensus.name}, {len(network.validators)} validators 验证节点"
        if chain:
            for address in network.validators:
                known = next((one.name for one in plan.operators if address in one.validators), _NAMELESS)
                yield f"  0x{address.hex()}  {known}"
        if not network.provable:
            yield _UNPROVABLE

    tell(
        json_,
        {
            "state": str(state),
            "consensus": network.consensus.name,
            "validators": [address.hex() for address in network.validators],
        },
        text(),
    )


_UNPROVABLE: Final = (
    "Nobody can prove who seals this chain: what is verified on it ends in “cannot be determined”.\n"
    "此链的签封无法核验：其上的证书只能得出“无法判定”。"
)


_NAMELESS: Final = "named by no operator 未列明运营者"


def _address(text: str) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise UsageFault("a validator is an address of 40 hex characters", code="address-malformed")
    return address


def documents(
    number: Annotated[str, typer.Argument(metavar="NUMBER")],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder to write to. 输出目录。")] = Path("out"),
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Write a certificate's or licence's PDF, QR image and file. 输出证书或许可凭证。"""
    from yinzheng.ledger.document.forms import write_documents
    from yinzheng.ledger.reading import open_reader
    from yinzheng.ledger.registry import wall_clock

    with progress_line(json_), open_reader(state, wall_clock) as reader:
        written = write_documents(reader, number, out_dir)
    tell(json_, [str(path) for path in written], (str(path) for path in written))


def export_trust(
    state: State = DEFAULT_STATE,
    out_file: Annotated[Path | None, typer.Option("--out", help="File to write; default: print.")] = None,
    max_age: Annotated[int, typer.Option(help="Seconds an answer may be old.", min=1)] = MAX_AGE,
    insist: Annotated[
        list[str] | None,
        typer.Option(
            help="Credit code of an operator; a seal of one named must be there. 必须参与签封的节点。"
        ),
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option(help="Folder for the statements of changed validators. 验证节点变更声明目录。"),
    ] = None,
    json_: Json = False,
) -> None:
    """Hand out the trust policy readers may pin. 导出信任策略。"""
    from yinzheng.api.cli.policy import publish_lines
    from yinzheng.ledger.state.files import write_durably
    from yinzheng.ledger.state.handed_out import policy_in
    from yinzheng.ledger.state.instance import read_instance
    from yinzheng.ledger.store.database import open_store_read_only
    from yinzheng.verifier.bytes import canonical
    from yinzheng.verifier.judge.trust import parse_trust

    paths, instance = read_instance(state)
    store = open_store_read_only(instance.store_url(paths))
    try:
        with store.reading() as session:
            policy = policy_in(session, instance, max_age=max_age, insisted=insist or ())
    finally:
        store.close()
    read = parse_trust(canonical.dumps(policy))  # what nobody could read is not handed out
    if out_file is None or json_:
        print_json(policy)
    if changes is not None:
        changes.mkdir(parents=True, exist_ok=True)
        for one in instance.changes:
            write_durably(
                changes / f"validators-{one['from']}.json", canonical.dumps(dict(one)), for_all=True
            )
    if out_file is not None:
        text = json.dumps(policy, ensure_ascii=False, indent=1) + "\n"
        write_durably(out_file, text.encode(), for_all=True)
    if not json_:
        for line in publish_lines(read):
            told(line)


def audit(
    state: State = DEFAULT_STATE,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            min=1,
            max=64,
            help="Processes that share the work; each takes memory of its own. 并行进程数。",
        ),
    ] = 1,
    json_: Json = False,
) -> None:
    """Compare chain, log, database and every dossier byte. 全面核对。Exit code 1 if anything differs."""
    from yinzheng.ledger.audit import audit_registry
    from yinzheng.ledger.registry import wall_clock

    with progress_line(json_) as progress:
        findings = audit_registry(state, keys_of, clock=wall_clock, progress=progress, jobs=jobs)

    def text() -> None:
        for finding in findings:
            err.print(f"✗ {finding.code}: {finding.message}", style="red", markup=False)
        if not findings:
            out.print("✓ chain, log, database and dossiers agree 全部一致", style="green", markup=False)

    tell(json_, {"clean": not findings, "findings": [finding.to_json() for finding in findings]}, text)
    if findings:
        raise typer.Exit(EXIT_NOT)


def settle(
    state: State = DEFAULT_STATE,
    log_anew: Annotated[
        bool,
        typer.Option(
            "--log-anew",
            help="Write a log that is older anew from the database; put aside what it lost. 重写日志。",
        ),
    ] = False,
    json_: Json = False,
) -> None:
    """Carry on what an interrupted command left unfinished; every writing command does so too. 续办。"""
    with writing(state, json_, log_anew=log_anew, finish=True):
        pass
    tell(json_, {"settled": True}, "everything acknowledged is on the chain 已全部上链")


def retention_periods(
    table: Annotated[Path, typer.Argument(metavar="FILE", help='Months: {"registration_file": 360, ...}')],
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Set how long records are kept, no shorter than the law asks. 设定保存期限。"""
    from yinzheng.ledger.erasure.periods import set_periods

    with writing(state, json_) as (registry, _):
        periods = set_periods(registry, table, acting(registry, as_))
    said = {kind.value: period.months for kind, period in periods.items()}
    tell(
        json_,
        {"months": said},
        "\n".join(f"{kind}: {counted(months, 'month')} 个月" for kind, months in said.items()),
    )


def heartbeat(
    state: State = DEFAULT_STATE,
    older_than: Annotated[int, typer.Option(help="Seconds after which a block is old.", min=1)] = BLOCK_AGE,
    every: Annotated[
        int | None, typer.Option(help="Repeat every so many seconds until ended.", min=1)
    ] = None,
    clock_is_right: Annotated[
        bool,
        typer.Option(
            "--clock-is-right", help="Go on although the clock lies far from the last block. 确认时钟无误。"
        ),
    ] = False,
    json_: Json = False,
) -> None:
    """Have a fresh block sealed on a quiet chain, so that answers stay young. 心跳。"""
    from yinzheng.api.cli.registry.cases import moment
    from yinzheng.ledger.flow.heartbeat import beat
    from yinzheng.ledger.registry import wall_clock

    while True:
        try:
            with writing(state, True, clock_is_right=clock_is_right) as (registry, _):
                sealed = beat(registry, older_than=older_than)
        except EnvironmentFault as fault:
            if every is None:
                raise
            # One who writes for long, or a clock that is set, passes: what ended then would beat no more.
            fail(fault, EXIT_UNDETERMINED, as_json=json_)
        else:
            said = "a fresh block was sealed 已出新块" if sealed else "the newest block is young 无需出块"
            tell(json_, {"sealed": sealed}, f"{moment(wall_clock())}  {said}")
            clock_is_right = False  # a word about now, not about what comes
        if every is None:
            return
        time.sleep(every)
