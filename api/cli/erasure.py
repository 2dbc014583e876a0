"""Commands for destroying records with proof (R43), what may be destroyed (R42), and staff who sign."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from yinzheng.api.cli.common import DEFAULT_STATE, By, State, acting, keystore_of, writing
from yinzheng.api.cli.output import Json, tell
from yinzheng.ledger.rules.destruction import Method, StaffRole, TargetKind

ErasureId = Annotated[
    str, typer.Argument(metavar="ERASURE", help="The erasure, such as E-2026-000001. 销毁编号。")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A short name, such as zhang-min. 姓名简称。")]
SignedBy = Annotated[str, typer.Option("--by", help="Who signs. 签署人。")]


def propose(
    target: Annotated[TargetKind, typer.Argument(help="What it is. 对象类别。")],
    reference: Annotated[
        str, typer.Argument(help="A case or dispute, or a consent's subject (64 hex). 编号。")
    ],
    ground: Annotated[
        str, typer.Option(help="withdrawal, retention_ended, court or subject_right. 销毁依据。")
    ],
    by: By,
    method: Annotated[
        Method, typer.Option(help="What the record calls it. 销毁方式。")
    ] = Method.KEY_DESTRUCTION,
    medical: Annotated[
        bool, typer.Option(help="Medical data: the ethics committee approves too. 医疗数据。")
    ] = True,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Propose to destroy a record; nothing is destroyed yet. 提出销毁。"""
    from yinzheng.ledger.erasure import proposing

    with writing(state, json_) as (registry, _):
        id_ = proposing.propose(
            registry, target, reference, ground, method, acting(registry, by), medical=medical
        )
    tell(json_, {"erasure": id_}, f"{id_} is proposed; next signs: data_manager 已提出，待数据管理员审批")


def approve(id_: ErasureId, by: SignedBy, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Approve an erasure, in order. 审批销毁。"""
    from yinzheng.ledger.erasure import proposing

    with writing(state, json_) as (registry, _):
        missing = proposing.approve(registry, id_, acting(registry, by))
    _say_next(id_, missing, json_)


def witness(id_: ErasureId, by: SignedBy, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Sign an approved erasure as a witness. 见证销毁。"""
    from yinzheng.ledger.erasure import proposing

    with writing(state, json_) as (registry, _):
        missing = proposing.witness(registry, id_, acting(registry, by))
    _say_next(id_, missing, json_)


def carry_out(
    id_: ErasureId,
    by: Annotated[str, typer.Option("--by", help="Who carries it out; signed nothing before. 操作人。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Destroy what was approved; it does not come back. 执行销毁。Repeated, it finishes what was begun."""
    from yinzheng.ledger.erasure.carrying_out import erase

    with writing(state, json_) as (registry, _):
        leaf = erase(registry, id_, acting(registry, by))
    tell(
        json_,
        {"erasure": id_, "tombstone": leaf.hex()},
        f"{id_} is carried out 已销毁; tombstone {leaf.hex()}",
    )


def drop(id_: ErasureId, by: By, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Give up an erasure that is not carried out, such as one overtaken by new statements. 放弃销毁。"""
    from yinzheng.ledger.erasure import proposing

    with writing(state, json_) as (registry, _):
        proposing.drop(registry, id_, acting(registry, by))
    tell(
        json_,
        {"erasure": id_, "dropped": True},
        f"{id_} is dropped; nothing was destroyed 已放弃，未销毁任何内容",
    )


def _say_next(id_: str, missing: frozenset[str], json_: bool) -> None:
    if missing:
        text = f"{id_}: signed 已签署; next signs: {' or '.join(sorted(missing))}"
    else:
        text = f"{id_}: all have signed 签署完毕; it may be carried out"
    tell(json_, {"erasure": id_, "next": sorted(missing)}, text)


def list_erasures(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List erasures proposed, approved and carried out. 销毁台账。"""
    from yinzheng.ledger.erasure.overview import erasures

    with writing(state, json_) as (registry, _), registry.store.reading() as session:
        found = erasures(session)

    def text() -> Iterator[str]:
        for one in found:
            of = f"{one['target']} {str(one['subject'])[:12]}…"
            signed = one["signatures"]
            count = len(signed) if isinstance(signed, list) else 0
            yield f"{one['id']}  {one['state']:<9}  {of:<22}  {one['ground']:<15}  {count} signatures"
        if not found:
            yield "nothing was destroyed 无销毁记录"

    tell(json_, found, text())


def retention(
    terms: Annotated[
        bool, typer.Option("--terms", help="Open every consent, to see whose term is over. 检查同意期限。")
    ] = False,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """List what may be destroyed now: withdrawn as a whole, or beyond its retention. 可销毁清单。"""
    from yinzheng.ledger.erasure.overview import destructible

    with writing(state, json_) as (registry, _):
        found = list(destructible(registry, terms=terms))

    def text() -> Iterator[str]:
        for one in found:
            yield f"{one.kind:<8} {one.reference}  {one.ground}"
        if not found:
            yield "nothing may be destroyed now 目前无可销毁档案"

    tell(
        json_,
        [{"target": one.kind, "reference": one.reference, "ground": one.ground} for one in found],
        text(),
    )


def add_staff(
    name: Name,
    role: Annotated[StaffRole, typer.Option(help="In what function someone signs. 职责。")],
    by: By,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Enrol someone who approves or witnesses destruction, with a key of their own. 登记人员。"""
    from yinzheng.ledger.people import staff

    with writing(state, json_) as (registry, _):
        address = staff.add_staff(registry, keystore_of(registry.paths), name, role, acting(registry, by))
    tell(
        json_,
        {"name": name, "role": role, "address": "0x" + address.hex()},
        f"{name} is enrolled as {role} 已登记",
    )


def remove_staff(name: Name, by: By, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Let someone sign no more; what was signed stands. 注销人员。"""
    from yinzheng.ledger.people import staff

    with writing(state, json_) as (registry, _):
        staff.remove_staff(registry, name, acting(registry, by))
    tell(json_, {"name": name, "removed": True}, f"{name} signs no more 已注销")


def list_staff(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List everyone who signs for the registry. 人员名单。"""
    from yinzheng.ledger.people import staff

    with writing(state, json_) as (registry, _), registry.store.reading() as session:
        rows = [
            {"name": one.name, "role": one.role, "address": "0x" + one.address.hex(),
             "removed_at": one.removed_at}
            for one in staff.everyone(session)
        ]  # fmt: skip

    def text() -> Iterator[str]:
        for row in rows:
            left = row["removed_at"]
            gone = "" if not isinstance(left, int) else f"  left {datetime.fromtimestamp(left, UTC):%Y-%m-%d}"
            yield f"{row['name']!s:<24} {row['role']!s:<16}{gone}"

    tell(json_, rows, text())
