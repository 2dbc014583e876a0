"""What each call about holders and their rights costs; see `tests.contracts.costs`."""

from collections.abc import Callable

from tests.contracts.disputes import FORUM, Court
from tests.contracts.holders import HOSPITAL, OFFICER, Accounts
from tests.contracts.world import address, person
from yinzheng.ledger.chain.sender import Call


def measure_holders(court: Court, spend: Callable[[Court, Call], int]) -> dict[str, int]:
    """Give gas used by the life of an organisation's account."""
    accounts, one, two = Accounts(court), person(7101), person(7102)
    found = {"holders: enrol": spend(court, accounts.enrol(HOSPITAL))}
    found["holders: replace, announced"] = spend(court, accounts.replace(HOSPITAL, one))
    found["holders: veto"] = spend(court, accounts.veto(HOSPITAL))
    found["holders: rotate"] = spend(court, accounts.rotate(HOSPITAL, two))
    found["holders: revoke"] = spend(court, accounts.revoke(HOSPITAL, two, account=address(two)))
    forum = accounts.replace(HOSPITAL, person(7103), person(7103), OFFICER, FORUM)
    return found | {"holders: replace, by a forum": spend(court, forum)}
