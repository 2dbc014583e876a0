"""The audit names each word in which the chain says otherwise who cancelled, ended or lifted (ADR 56)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.ledger.certificates.forum import cancelling, carry_out, lifting, seizing
from tests.ledger.disputes.court import COURT, Court
from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, settled
from tests.ledger.moves.test_licences import licence_number
from tests.ledger.moves.test_transfers import bodies
from tests.ledger.organisations.enrolling import Member
from tests.ledger.world import KEEPER, OFFICER, World, actor_of
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.audit.standing import check_licences, check_remarks, check_standing
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.chain.records_moves import LicenceEnding
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.verifier.log.statement import certificate_subject, licence_subject

OTHER = bytes(31) + b"\1"


@dataclass
class Ended:
    """A right that was sold and then cancelled by a court, with all that was ended and lifted before."""

    registry: Registry
    names: dict[str, tuple[str, bytes]]
    """What the chain is asked about each thing (`record`, `licence`, `remark`), and by which identifier."""
    shown: dict[str, str]
    """How a finding names it."""

    def found(self, what: str, changes: dict[str, Any] | None) -> list[tuple[str, str]]:
        """Codes and places of what is found where the chain says this of `what`; None: it has no such."""
        registry, (kind, key) = self.registry, self.names[what]
        client = Altered(registry.client, kind, key, changes)
        audit = Audit(
            instance=registry.instance,
            store=registry.store,
            log=registry.log,
            blobs=registry.blobs,
            w3=registry.w3,
            client=client,  # type: ignore[arg-type]
            keys=registry.keys,
        )
        for check in (check_standing, check_licences, check_remarks):
            check(audit)
        return [(one.code, str(*one.data.values())) for one in audit.findings]


class Altered:
    """The contracts' client, which tells one thing otherwise."""

    def __init__(self, client: Any, kind: str, key: bytes, changes: dict[str, Any] | None) -> None:
        self._client, self._altered, self._changes = client, (kind, key), changes

    def __getattr__(self, name: str) -> Any:
        true = getattr(self._client, name)
        return self._told(name, true) if name == self._altered[0] else true

    def _told(self, name: str, true: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def told(key: bytes) -> Any:
            said = true(key)
            if (name, key) != self._altered:
                return said
            return None if self._changes is None else replace(said, **self._changes)

        return told


@pytest.fixture(scope="module")
def ended(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    folder = tmp_path_factory.mktemp("ended")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        parties = settled(world, registry, folder / "d")
        wallet = EthereumKey(bytes([201]) * 32)
        member = Member(COURT, ("forum",), "某市中级人民法院", wallet.address, wallet=wallet)
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrolment.enrol(registry, member.enrolment(registry.clock()), officer, administrator=keeper)
        settle(registry)
        parties.members[COURT] = member
        agreed, decided, standing = (
            licence_number(parties, parties.done(parties.licence(licensee=code)))
            for code in (FIRM, INSTITUTE, FIRM)
        )
        both = ((HOSPITAL, "licensor"), (FIRM, "licensee"))
        for licence, roles in ((agreed, both), (decided, ((COURT, "forum"),))):
            terms = {"licence": licence, "reasons": "许可终止"}
            parties.done(parties.signed(parties.request("licence_end", terms, roles)))
        controlled = remarks.enter(registry, parties.number, RemarkKind.CONTROL, Grounds("监管"), officer)
        settle(registry)
        sold = bodies(parties, parties.done(parties.transfer("hold", "use", "operate")))[0].number
        pledge = remarks.enter(
            registry, sold, RemarkKind.PLEDGE, Grounds("质押", None, "动产融资统一登记 01234567"), officer
        )
        settle(registry)
        came = remarks.lift(registry, sold, "control", Grounds("解除监管"), officer)
        remarks.lift(
            registry, sold, "pledge", Grounds("解除质押", None, "动产融资统一登记 01234567"), officer
        )
        settle(registry)
        court = Court(world, registry, SimpleNamespace(number=sold))  # type: ignore[arg-type]
        seizure = carry_out(court, seizing(court))
        carry_out(court, lifting(court, seizure))
        carry_out(court, cancelling(court))
        leaves = {"controlled": controlled, "pledge": pledge, "seizure": seizure, "came": came}
        numbers = {"sold": sold, "before": parties.number}
        licences = {"agreed": agreed, "decided": decided, "standing": standing}
        names = {one: ("remark", leaf) for one, leaf in leaves.items()}
        names |= {one: ("record", certificate_subject(number)) for one, number in numbers.items()}
        names |= {one: ("licence", licence_subject(number)) for one, number in licences.items()}
        shown = {one: leaf.hex() for one, leaf in leaves.items()} | numbers | licences
        yield Ended(registry, names, shown)
    assert world.audit() == []


def test_what_the_chain_says_too_is_no_difference(ended: Ended) -> None:
    for what in ended.names:
        assert ended.found(what, {}) == []


@pytest.mark.parametrize(
    ("what", "changes", "code"),
    [
        # The certificate: by a forum (2, counted from 1 in S5.25) on its document (3).
        ("sold", {"ending": 16 * 1 + 3}, "ending-differs"),
        ("sold", {"ending": 16 * 2 + 3}, "ending-differs"),
        ("sold", {"ending": 16 * 3 + 1}, "ending-differs"),
        ("sold", {"ending": 0}, "ending-differs"),
        ("before", {"ending": 16 * 3 + 3}, "ending-differs"),
        ("sold", {"remarks": 2}, "remarks-differ"),
        # Licences: ended by both, by a forum, and not at all.
        ("agreed", {"ending": LicenceEnding.FORUM}, "licence-differs"),
        ("agreed", {"ending": LicenceEnding.NONE}, "licence-differs"),
        ("agreed", {"outcome": OTHER}, "licence-differs"),
        ("decided", {"ending": LicenceEnding.PARTIES}, "licence-differs"),
        ("decided", {"outcome": bytes(32)}, "licence-differs"),
        ("standing", {"ending": LicenceEnding.PARTIES}, "licence-differs"),
        ("standing", {"outcome": OTHER}, "licence-differs"),
        ("standing", None, "licence-differs"),
        # Remarks: one that the registry entered and lifted, one of a forum, one that stands.
        ("pledge", {"lifted_by_forum": True}, "remarks-differ"),
        ("pledge", {"by_forum": True}, "remarks-differ"),
        ("pledge", {"lifting": OTHER}, "remarks-differ"),
        ("pledge", {"lifted_at": 0}, "remarks-differ"),
        ("pledge", {"kind": 8}, "remarks-differ"),
        ("pledge", {"certificate": OTHER}, "remarks-differ"),
        ("pledge", None, "remarks-differ"),
        ("seizure", {"lifted_by_forum": False}, "remarks-differ"),
        ("seizure", {"by_forum": False}, "remarks-differ"),
        ("controlled", {"lifted_at": 1, "lifting": OTHER}, "remarks-differ"),
        # The lifting of what came with the certificate.
        ("came", {"lifted_by_forum": True}, "remarks-differ"),
        ("came", {"lifting": OTHER}, "remarks-differ"),
        ("came", {"kind": 8}, "remarks-differ"),
        ("came", {"certificate": OTHER}, "remarks-differ"),
        ("came", None, "remarks-differ"),
    ],
)
def test_each_word_is_compared(ended: Ended, what: str, changes: dict[str, Any] | None, code: str) -> None:
    assert ended.found(what, changes) == [(code, ended.shown[what])]
