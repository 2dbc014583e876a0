"""Commands for destroying records with proof (R43), and what may be destroyed (R42)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from yinzheng.api.cli.list_words import DESTRUCTION_GROUNDS, ERASURE_STATES, METHODS, SIGNERS, TARGETS
from yinzheng.api.cli.org.tables import TableFile, keep_table, ready_for
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.cases import moment
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, allowed, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.ledger.rules.destruction import Method, StaffRole, TargetKind
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.bytes.counting import counted

ErasureId = Annotated[
    str, typer.Argument(metavar="ERASURE", help="The erasure, such as E-2026-000001. 销毁编号。")
]


def propose(
    target: Annotated[TargetKind, typer.Argument(metavar="KIND", help="What it is. 对象类别。")],
    reference: Annotated[
        str,
        typer.Argument(
            metavar="REFERENCE", help="A case or dispute, or a consent's subject (64 hex). 编号。"
        ),
    ],
    ground: Annotated[
        str, typer.Option(help="withdrawal, retention_ended, court or subject_right. 销毁依据。")
    ],
    as_: As,
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
            registry, target, reference, ground, method, acting(registry, as_), medical=medical
        )
    tell(json_, {"erasure": id_}, f"{id_} is proposed; next signs: data_manager 已提出，待数据管理员审批")


def approve(id_: ErasureId, as_: As, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Approve an erasure, in order. 审批销毁。"""
    from yinzheng.ledger.erasure import proposing

    with writing(state, json_) as (registry, _):
        missing = proposing.approve(registry, id_, acting(registry, as_))
    _say_next(id_, missing, json_)


def witness(id_: ErasureId, as_: As, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Sign an approved erasure as a witness. 见证销毁。"""
    from yinzheng.ledger.erasure import proposing

    with writing(state, json_) as (registry, _):
        missing = proposing.witness(registry, id_, acting(registry, as_))
    _say_next(id_, missing, json_)


def carry_out(
    id_: ErasureId,
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Destroy what was approved; it does not come back. 执行销毁。Repeated, it finishes what was begun."""
    from yinzheng.ledger.erasure.carrying_out import erase

    with writing(state, json_) as (registry, _):
        leaf = erase(registry, id_, acting(registry, as_))
    tell(
        json_,
        {"erasure": id_, "tombstone": leaf.hex()},
        f"{id_} is carried out 已销毁; tombstone {leaf.hex()}",
    )


def drop(id_: ErasureId, as_: As, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Give up an erasure that is not carried out, such as one overtaken by new statements. 放弃销毁。"""
    from yinzheng.ledger.erasure import proposing

    with writing(state, json_) as (registry, _):
        proposing.drop(registry, id_, acting(registry, as_))
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


def list_erasures(
    as_: As, table: TableFile = None, state: State = DEFAULT_STATE, json_: Json = False
) -> None:
    """List erasures proposed, approved and carried out. 销毁台账。"""
    from yinzheng.ledger.accesses.noting import Access
    from yinzheng.ledger.erasure.overview import erasures

    ready_for(table)
    with writing(state, json_) as (registry, _):
        access = Access("list", "work_list", "erasures", "erasure")
        allowed(registry, as_, access, Capacity.REGISTRY, Office.AUDITOR, *StaffRole)
        with registry.store.reading() as session:
            found = erasures(session)
    keep_table(
        table,
        (
            "销毁编号",
            "状态",
            "对象类别",
            "对象",
            "销毁依据",
            "方式",
            "已签署",
            "待签署",
            "已离任",
            "销毁时间",
        ),
        map(_row, found),
    )

    def text() -> Iterator[str]:
        for one in found:
            of = f"{one['target']} {str(one['subject'])[:12]}…"
            signed = one["signatures"]
            by = counted(len(signed) if isinstance(signed, list) else 0, "signature")
            yield f"{one['id']}  {one['state']:<9}  {of:<22}  {one['ground']:<15}  {by}"
            if isinstance(one["left"], list) and one["left"]:
                names = ", ".join(map(str, one["left"]))
                yield f"  → {names} acts no more: drop it, and propose it anew 签署人已离任，请放弃后重新提出"
        if not found:
            yield "nothing was destroyed 无销毁记录"

    tell(json_, found, text())


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    erased = one["erased_at"]
    return (
        one["id"],
        ERASURE_STATES[one["state"]],
        TARGETS[one["target"]],
        one["subject"],
        DESTRUCTION_GROUNDS[one["ground"]],
        METHODS[one["method"]],
        [f"{SIGNERS[by['role']]} {by['person']} {moment(by['at'])}" for by in one["signatures"]],
        [SIGNERS[role] for role in one["next"]],
        one["left"],
        erased and moment(erased),
    )


def retention(
    as_: As,
    terms: Annotated[
        bool, typer.Option("--terms", help="Open every consent, to see whose term is over. 检查同意期限。")
    ] = False,
    table: TableFile = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """List what may be destroyed now: withdrawn as a whole, or beyond its retention. 可销毁清单。"""
    from yinzheng.ledger.accesses.noting import Access
    from yinzheng.ledger.erasure.overview import destructible

    ready_for(table)
    with writing(state, json_) as (registry, _):
        access = Access("list", "work_list", "retention", "erasure")
        allowed(registry, as_, access, Capacity.REGISTRY, StaffRole.DATA_MANAGER)
        found = list(destructible(registry, terms=terms))

    keep_table(
        table,
        ("对象类别", "编号", "销毁依据"),
        ((TARGETS[one.kind], one.reference, DESTRUCTION_GROUNDS[one.ground]) for one in found),
    )

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
