"""What each call of the modules costs; see `tests.contracts.costs`."""

from tests.contracts.costs_moves import measure_holders, measure_moves
from tests.contracts.disputes import CONSENT, DISPUTE, FORUM, PARTIES, Court
from tests.contracts.world import BY_LAW, STRANGER, World, address, b32
from yinzheng.ledger.chain.approvals import Opening
from yinzheng.ledger.chain.contracts import MODULE
from yinzheng.ledger.chain.modules import MODULE_STEPS
from yinzheng.ledger.chain.records import Amendment, Status
from yinzheng.ledger.chain.sender import Call, Sender

HASH = 2**250
"""Identifiers are hashes: as dear to send as one, unlike the small numbers of the other tests."""


def measure_modules() -> dict[str, int]:
    """Give gas used by deployment, a withdrawal's life and a dispute's.

    Raises:
        AssertionError: the client's limit of a call is less than twice what it takes.
    """
    world = World.create()
    first = world.w3.eth.block_number + 1
    court = Court.create(world)
    names = (
        "deploy ConsentRegistry",
        "deploy Preservation",
        "deploy Holders",
        "deploy RightsMoves",
        "deploy Standing",
        "assign the modules' roles, 2 forums",
    )
    found = dict(zip(names, world.gas_since(first)[:MODULE_STEPS], strict=True))
    return (
        found
        | _withdrawals(court)
        | _disputes(court)
        | measure_holders(court, _spend)
        | measure_moves(_spend)
    )


def _spend(court: Court, call: Call, sender: Sender | None = None) -> int:
    used = court.send(call, sender).gas_used
    assert 2 * used <= call.gas, "the client's limit leaves no room"
    return used


def _hashes(count: int, first: int = 1) -> list[bytes]:
    return [b32(HASH + n) for n in range(first, first + count)]


def _withdrawals(court: Court) -> dict[str, int]:
    client, one, many = court.client, b32(HASH + 1), _hashes(32)
    found = {
        "consents: open, 1 recipient": _spend(court, court.withdraw(one, recipients=many[:1])),
        "consents: open, 32 recipients": _spend(court, court.withdraw(b32(HASH + 2), recipients=many)),
        "consents: open, a later one": _spend(
            court, court.withdraw(b32(HASH + 3), consent=one, recipients=many[:1])
        ),
        "consents: frozen": _spend(court, client.frozen(one, one)),
        "consents: receipt": _spend(court, client.receipt(one, many[0], one)),
        "consents: announceReceipt": _spend(court, client.announce_receipt(one, one)),
        "consents: restrict": _spend(court, client.restrict(one, one, court.now + 2)),
    }
    court.pass_to(court.now + 5)
    found["consents: complete"] = _spend(court, client.complete(one, one))
    return found


def _disputes(court: Court) -> dict[str, int]:
    records, cases, consents = _hashes(2, 100), _hashes(1, 200), _hashes(61, 300)
    for id_ in records:
        court.deposited(id_)
    court.published(cases[0])
    small = court.opening(consents=(CONSENT,), root=bytes(32))
    large: Opening = court.opening(
        case_id=b32(HASH + 3), records=tuple(records), cases=tuple(cases), consents=tuple(consents)
    )
    one = court.opening(case_id=b32(HASH + 4), records=tuple(records[:1]), consents=())
    found = {
        "preservation: open, 1 consent": _spend(court, court.open(small)),
        "preservation: open, 1 record": _spend(court, court.open(one)),
        "preservation: open, 64 subjects": _spend(court, court.open(large)),
        "preservation: addEvidence": _spend(court, court.client.add_evidence(DISPUTE, b32(HASH), b32(HASH))),
        "preservation: release, 1 consent": _spend(court, court.release(FORUM)),
        "preservation: release, 64 subjects": _spend(court, court.release(*PARTIES, case_id=large.case_id)),
    }
    court.send(court.release(FORUM, case_id=one.case_id))
    court.send(court.client.grant_role(MODULE, address(STRANGER)), court.world.admin)
    module = Sender(court.world.w3, STRANGER, lambda _: None)
    call = court.client.amend_unheld(
        records[0], Amendment(Status.CANCELLED, 0, 0, 0, ending=BY_LAW), b32(HASH)
    )
    return found | {"preservation: amend, cancelled": _spend(court, call, module)}
