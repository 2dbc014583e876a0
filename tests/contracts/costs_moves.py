"""What each call about holders and their rights costs; see `tests.contracts.costs`."""

from collections.abc import Callable

from tests.contracts.disputes import FORUM, Court
from tests.contracts.estate import ALL, EXCHANGES, HOLD, JOINT, OPERATE, SEIZURE, USE, Estate
from tests.contracts.holders import FIRM, HOSPITAL, INSTITUTE, OFFICER, Accounts
from tests.contracts.world import World, address, b32, person
from yinzheng.ledger.chain.approvals_moves import Change
from yinzheng.ledger.chain.records import Procedure
from yinzheng.ledger.chain.records_moves import Initiator
from yinzheng.ledger.chain.sender import Call

HASH = 2**250
"""Identifiers are hashes: as dear to send as one, unlike the small numbers of the other tests."""

Spend = Callable[[Court, Call], int]


def measure_holders(court: Court, spend: Spend) -> dict[str, int]:
    """Give gas used by the life of an organisation's account."""
    accounts, one, two = Accounts(court), person(7101), person(7102)
    found = {"holders: enrol": spend(court, accounts.enrol(HOSPITAL))}
    found["holders: replace, announced"] = spend(court, accounts.replace(HOSPITAL, one))
    found["holders: veto"] = spend(court, accounts.veto(HOSPITAL))
    found["holders: rotate"] = spend(court, accounts.rotate(HOSPITAL, two))
    found["holders: revoke"] = spend(court, accounts.revoke(HOSPITAL, two, account=address(two)))
    forum = accounts.replace(HOSPITAL, person(7103), person(7103), OFFICER, FORUM)
    return found | {"holders: replace, by a forum": spend(court, forum)}


def measure_moves(spend: Spend) -> dict[str, int]:
    """Give gas used by licences, what follows a certificate, and how it stands."""
    estate = Estate.create(Court.create(World.create()), first=HASH)
    return _licences(estate, spend) | _successors(estate, spend) | _standing(estate, spend)


def _licences(estate: Estate, spend: Spend) -> dict[str, int]:
    court, given = estate.court, estate.fresh()
    found = {"moves: license, the first": spend(court, estate.license(id=given))}
    found["moves: license, a later one"] = spend(court, estate.license())
    found["moves: license, ordinary procedure"] = spend(
        court, estate.license(certificate=JOINT, licensee=INSTITUTE)
    )
    found["moves: license, exclusive"] = spend(court, estate.license(territory=1, exclusive=True))
    for at in range(1, 15):
        estate.licensed(territory=1 << at, exclusive=True, rights=ALL)
    last = estate.license(territory=1 << 15, exclusive=True, rights=ALL)
    found["moves: license, exclusive of 3 rights, the 16th"] = spend(court, last)
    found["moves: license, beside 16 exclusive ones"] = spend(court, estate.license(territory=1 << 16))
    spend(court, estate.reserve())
    settled = estate.license(territory=1 << 17, exchange=EXCHANGES[0])
    return found | {
        "moves: license, reserved": spend(court, settled),
        "moves: endLicence, both": spend(court, estate.end_licence(given)),
    }


def _successors(estate: Estate, spend: Spend) -> dict[str, int]:
    court = estate.court
    found = {"moves: transfer of everything": spend(court, estate.transfer())}
    part = estate.transfer(predecessor=JOINT, rights=HOLD, successor=b32(HASH + 1), remainder=b32(HASH + 2))
    found["moves: transfer of a part, ordinary procedure"] = spend(court, part)
    estate.held[b32(HASH + 2)] = ((HOSPITAL, USE), (FIRM, USE | OPERATE))
    changed = estate.succession(Change, predecessor=b32(HASH + 2), successor=b32(HASH + 3))
    found["moves: change, 2 holders"] = spend(court, changed)
    estate.held[b32(HASH + 4)] = tuple((b32(HASH + at), ALL) for at in range(20))
    estate.deposit(b32(HASH + 4), Procedure.SIMPLIFIED)
    forum = (OFFICER, *[FORUM] * 20)
    joint = estate.succession(Change, *forum, predecessor=b32(HASH + 4), successor=b32(HASH + 5))
    return found | {"moves: change, 20 holders": spend(court, joint)}


def _standing(estate: Estate, spend: Spend) -> dict[str, int]:
    court, id_, objection, seized = estate.court, b32(HASH + 6), estate.fresh(), estate.fresh()
    estate.held[id_] = ((HOSPITAL, ALL),)
    estate.deposit(id_, Procedure.SIMPLIFIED)
    return {
        "standing: remark": spend(court, estate.remark(SEIZURE, FORUM, id=id_, statement=seized)),
        "standing: lift": spend(court, estate.lift(SEIZURE, seized, FORUM, id=id_)),
        "standing: raiseObjection": spend(court, court.client.raise_later_objection(id_, objection)),
        "standing: concludeObjection": spend(court, estate.conclude(objection, id=id_)),
        "standing: reserve": spend(court, estate.reserve(EXCHANGES[1], id=id_)),
        "standing: release": spend(court, estate.release(EXCHANGES[1], id=id_)),
        "standing: cancel, by its holder": spend(court, estate.cancel(Initiator.HOLDERS, id=id_)),
    }
