"""What each call costs: measured on a London chain, told as the table of `docs/gas.md`."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.contracts.costs_modules import measure_modules
from tests.contracts.merkle import consistency, root
from tests.contracts.world import ADMIN, MEMBERS, OFFICERS, World, address, b32
from yinzheng.ledger.chain.approvals import Deposit
from yinzheng.ledger.chain.clients.calling import CALL_GAS
from yinzheng.ledger.chain.clients.consents import RECIPIENT_GAS
from yinzheng.ledger.chain.clients.preservation import PARTY_GAS, SUBJECT_GAS
from yinzheng.ledger.chain.contracts import MOVES
from yinzheng.ledger.chain.deployment import Deployment
from yinzheng.ledger.chain.placing import addresses_of
from yinzheng.ledger.chain.records import Amendment, Head, Procedure, Status

HOLDINGS = b32(2**250 + 9)
LEAVES = [n.to_bytes(4, "big") for n in range(3000)]
_ROW = re.compile(r"^\| (.+?) \| ([\d,]+) \|$", re.MULTILINE)


def measure() -> dict[str, int]:
    """Give gas used by what was done, in the order of a case's life."""
    world = World.create()
    registry = _deployment(world) | _keeping(world) | _case(world) | _endings(world) | _heads(world)
    return registry | measure_modules()


def table(measured: Mapping[str, int]) -> str:
    """Write the table."""
    rows = "\n".join(f"| {name} | {gas:,} |" for name, gas in measured.items())
    return f"""# Gas of each call

Measured on a London chain (py-evm) by `scripts/contracts --gas`; a test compares. What a transaction costs
anyway, 21,000 and its data, is included. The client limits every call to {CALL_GAS:,}, and more for each
recipient ({RECIPIENT_GAS:,}), subject ({SUBJECT_GAS:,}) and party ({PARTY_GAS:,}) it names.

| call | gas |
|---|---:|
{rows}
"""


def parse(text: str) -> dict[str, int]:
    """Read the table back."""
    return {name: int(gas.replace(",", "")) for name, gas in _ROW.findall(text)}


def _deployment(world: World) -> dict[str, int]:
    steps = ("deploy AccessManager", "deploy CheckpointAnchor", "deploy RightsRegistry", "assign all roles")
    found = dict(zip(steps, world.gas_since(1), strict=False))
    assert addresses_of(address(ADMIN), 0, Deployment.NAMES) == world.client.deployment.addresses
    return found


def _keeping(world: World) -> dict[str, int]:
    client, end = world.client, world.client.calendar_range()[1]
    calls = {
        "defineProfile": client.define_profile("X/1", 5, 0),
        "extendCalendar, 256 days": client.extend_calendar(end, 256, (1 << 256) - 1),
        "correctCalendar": client.correct_calendar(end, working=False),
        "grantRole": client.grant_role(MOVES, world.relay.address),
    }
    return {name: world.send(call, world.admin).gas_used for name, call in calls.items()}


def _case(world: World) -> dict[str, int]:
    client, case_id = world.client, b32(2**250 + 1)
    found = {
        "openPublicity, 5 working days": world.send(world.publish(b32(2**250 + 2), profile="GD-HEALTH/1")),
        "openPublicity, seconds": world.send(world.publish(case_id, Procedure.ORDINARY)),
        "openPublicity, waived": world.send(world.publish(b32(2**250 + 3), waived=True)),
        "raiseObjection": world.send(client.raise_objection(case_id, b32(4))),
        "concludeObjection, dismissed": world.send(world.conclude(case_id, b32(4), upheld=False)),
    }
    world.next_block_at(world.now + 10)
    ordinary = Deposit(b32(2**250 + 5), case_id, b32(6), world.now + 1, world.now + 10**8, HOLDINGS, 1)
    simplified = Deposit(b32(2**250 + 7), b32(2**250 + 3), b32(6), world.now + 1, world.now + 10**8, HOLDINGS)
    found["deposit, ordinary"] = world.send(world.deposit(ordinary, (OFFICERS[0], MEMBERS[0])))
    found["deposit, simplified"] = world.send(world.deposit(simplified))
    held = Amendment(Status.IN_FORCE, remarks=2, holds=1, objections=0)
    following = [replace(simplified, id=b32(2**250 + 10 + at), case_id=b32(2**250 + 12)) for at in (0, 1)]
    following = [replace(one, registered_at=world.now) for one in following]
    call = client.succeed(simplified.id, following, b32(8), published=False)
    found["succeed, 2 certificates"] = world.send(call)
    assert 2 * found["succeed, 2 certificates"].gas_used <= call.gas, "the client's limit leaves no room"
    found["amend, hold"] = world.send(client.amend(ordinary.id, held, b32(8)))
    return {name: mined.gas_used for name, mined in found.items()}


def _endings(world: World) -> dict[str, int]:
    one, two = b32(2**250 + 20), b32(2**250 + 21)
    for case_id in (one, two):
        world.send(world.publish(case_id))
    world.send(world.client.raise_objection(one, b32(4)))
    return {
        "concludeObjection, upheld": world.send(world.conclude(one, b32(4), upheld=True)).gas_used,
        "closeCase": world.send(world.close(two)).gas_used,
    }


def _heads(world: World) -> dict[str, int]:
    found, old = {}, 0
    for size in (7, 13, 1000, 1001, 3000):
        proof = consistency(old, LEAVES[:size]) if old else []
        name = f"anchor, {old:,} to {size:,} leaves ({len(proof)} hashes)" if old else "anchor, first"
        found[name] = world.send(world.client.anchor(Head(size, root(LEAVES[:size])), proof)).gas_used
        old = size
    return found


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs/gas.md").write_text(table(measure()), "utf-8")
