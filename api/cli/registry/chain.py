"""`yinzheng chain`: how the network is, and which of its nodes are asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, keys_of, read_operators_file
from yinzheng.verifier.bytes.counting import counted

if TYPE_CHECKING:
    from yinzheng.ledger.flow.network import NetworkState, Waiting


CLOCKS = 5
"""Seconds by which a block may be dated ahead of our clock before it is told."""


def chain(
    state: State = DEFAULT_STATE,
    add: Annotated[
        list[str] | None, typer.Option(help="URL of a node to ask too, last; repeat. 增加节点。")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="URL of a node to ask no more; repeat. 移除节点。")
    ] = None,
    first: Annotated[str | None, typer.Option(help="URL of the node to ask first. 首选节点。")] = None,
    operators: Annotated[
        Path | None,
        typer.Option(help="Take up the network's validators, who are these operators'. 更新验证节点名单。"),
    ] = None,
    fee_limit: Annotated[
        int | None,
        typer.Option(min=0, help="Wei for a unit of gas that sealers get at most. 每单位燃料小费上限。"),
    ] = None,
    json_: Json = False,
) -> None:
    """Tell how the network is: nodes, seals, fees, what waits; change what is known of it. 链与节点状况。"""
    from yinzheng.ledger.chain.connect import open_chain
    from yinzheng.ledger.flow.network import look_at
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.state.changing import take_up
    from yinzheng.ledger.state.endpoints import change_endpoints
    from yinzheng.ledger.state.instance import read_instance
    from yinzheng.ledger.store.database import open_store_read_only

    if operators is not None:
        take_up(state, read_operators_file(operators), keys_of, wall_clock)
    if add or remove or first or fee_limit is not None:
        change_endpoints(state, add=add or (), remove=remove or (), first=first, fee_limit=fee_limit)
    paths, instance = read_instance(state)
    with ExitStack() as stack:
        store = open_store_read_only(instance.store_url(paths))
        stack.callback(store.close)
        w3 = stack.enter_context(open_chain(paths, instance, None, clock=wall_clock))
        with store.reading() as session:
            found = look_at(w3, instance, session, wall_clock())
    tell(json_, found.to_json(), _text(found))


def _standing(found: NetworkState) -> Iterator[str]:
    """What is said of a chain that stands still, and what to do."""
    if not found.still:
        return
    yield (
        f"no block for {found.missed} periods of {found.period} s: nothing is lost, and what is decided is"
        " recorded and waits 链已停止出块，已登记事项不会丢失，待恢复后上链"
    )
    if found.apart:
        yield "the nodes stand on different blocks, and may wait for each other 各节点停在不同区块:"
        yield from (f"  {one}" for one in found.apart)
    yield (
        "see which validators run, then whether their clocks are right and they follow one chain:"
        " docs/network.md, A chain that stands still"
        " 请先核对各验证节点是否运行、时钟是否准确、是否在同一条链上"
    )


def _text(found: NetworkState) -> Iterator[str]:
    dated = (
        f"{counted(found.ahead, 'second')} ahead of our clock"
        if found.ahead
        else f"{counted(found.head_age, 'second')} old"
    )
    yield f"{found.consensus}: block {found.head}, {dated}; final up to {found.final} 最新区块、最终区块"
    if found.ahead >= CLOCKS:
        yield (
            "whoever proposed that block, or this machine, has a wrong clock: nodes refuse blocks that are"
            " yet to come. Compare the clocks of all validators (NTP) 出块节点或本机时钟不准，请逐一校时"
        )
    yield from _standing(found)
    if found.nodes:
        yield "nodes 节点:"
    for node in found.nodes:
        height = "" if node.height is None else f"  block {node.height}"
        asks = f"  base fee 基础费 {node.base_fee} wei" if node.base_fee else ""
        yield f"  {node.name}{height}{asks}  {node.fault or ('asked 使用中' if node.asked else 'well 正常')}"
    if found.sealing:
        yield f"who sealed the last {found.looked_at} blocks 近期签封:"
    for one in found.sealing:
        missed = "" if one.missed is None else f", missed 缺席 {one.missed}"
        last = "" if one.last is None else f", last 最近 {one.last}"
        name = one.operator or "named by no operator 未列明运营者"
        yield f"  0x{one.validator}  {name}: {one.sealed}{missed}{last}"
    for stranger in found.strangers:
        yield f"  0x{stranger}  is not among the validators known 不在已知验证节点之列"
    fee = "none 无" if not found.base_fee else f"{found.base_fee} wei"
    yield f"base fee 基础费: {fee}"
    yield f"for sealers at most 小费上限: {found.fee_limit} wei"
    if found.relay is not None and found.base_fee:
        yield f"relay 发送账户: 0x{found.relay}, {found.balance} wei"
    stuck = sum(one.stuck for one in found.waiting)
    yield f"calls that wait 待上链: {len(found.waiting)}, stuck 停滞: {stuck}"
    for call in found.waiting[:20]:
        nonce = "" if call.nonce is None else f", nonce {call.nonce}"
        why = "" if call.why is None else f", {call.why}"
        fee = "" if not call.fee else f", {call.fee} wei"
        raised = f", raised 加价 {call.raised}×" if call.raised else ""
        stands = " — stuck 停滞" if call.stuck else ""
        yield f"  {call.name}: {call.state}, {call.age} s{nonce}{fee}{raised}{why}{stands}"
        yield from _kept_by(call, found)


def _kept_by(call: Waiting, found: NetworkState) -> Iterator[str]:
    """What keeps a signed call from being mined, and what to do."""
    if call.below:
        yield (
            f"    offers {call.offers} wei a unit of gas at most, and a block asks {found.base_fee}"
            " 出价低于当前基础费"
        )
    if call.unpaid:
        yield (
            f"    may cost more than the relay holds: fund 0x{found.relay}, or wait; it is signed anew where"
            " a block asks less 账户余额不足，请拨付；费用回落时会自动改签"
        )
    if call.limit_needed is not None and (call.stuck or call.below):
        yield (
            f"    no dearer by the limit: raise it with --fee-limit {call.limit_needed}; it is signed anew"
            " eight blocks later 小费已达上限，请用 --fee-limit 提高，八个区块后自动改签"
        )
