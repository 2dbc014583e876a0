"""The contracts of a registry, a row each: a further one is a row here, a part of the client, and its words.

From its row follow how a contract is deployed and recognised, who may call what, which refusals it has, and
what a trust policy names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from yinzheng.contracts import artifact
from yinzheng.ledger.chain.refusals import Meaning
from yinzheng.ledger.chain.refusals_holders import HOLDER_REFUSALS
from yinzheng.ledger.chain.refusals_modules import CONSENT_REFUSALS, PRESERVATION_REFUSALS
from yinzheng.ledger.chain.refusals_moves import MOVE_REFUSALS, STANDING_REFUSALS
from yinzheng.ledger.chain.refusals_registry import ANCHOR_REFUSALS, AUTHORITY_REFUSALS, RIGHTS_REFUSALS
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain import layout

REGISTRY, COMMITTEE, RELAY, CALENDAR, MOVES, FORUM, MODULE, EXCHANGE = range(1, 9)
"""Roles in the authority: people who approve (1, 2), the relay, the calendar's keeper, contracts that move
records, courts and arbitral bodies, contracts that move records not held, exchanges."""

ADMIN: Final = "admin"
"""Stands among a contract's arguments for the account that administers."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What is particular to one contract."""

    artifact: str
    """Its name in `contracts/src`."""
    arguments: tuple[str, ...] = ("manager",)
    """What its constructor takes, all addresses: `ADMIN`, or contracts deployed before it, by name."""
    asked: tuple[str, ...] = ("authority()",)
    """What it is asked to learn whether it was joined to those: a question an argument."""
    roles: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Which of its functions each role may call."""
    open: tuple[str, ...] = ()
    """Which of its functions anyone may call: signatures alone decide, and no role can close the way."""
    holds: tuple[int, ...] = ()
    """The roles it has itself."""
    layout: Mapping[str, int] = field(default_factory=dict)
    """Slots of the mappings that readers prove, the verifier's (S5.2); a policy names contracts with any."""
    refusals: Mapping[str, Meaning] = field(default_factory=dict)
    """What its custom errors mean, but for those of contracts in rows above."""


CONTRACTS: Final[Mapping[str, Contract]] = {
    "manager": Contract("AccessManager", (ADMIN,), (), refusals=AUTHORITY_REFUSALS),
    "anchor": Contract(
        "CheckpointAnchor",
        roles={RELAY: ("anchor",)},
        layout={"anchor.roots": layout.ANCHOR_ROOTS},
        refusals=ANCHOR_REFUSALS,
    ),
    "rights": Contract(
        "RightsRegistry",
        roles={
            RELAY: ("openPublicity", "concludeObjection", "closeCase", "deposit"),
            CALENDAR: ("defineProfile", "extendCalendar", "correctCalendar"),
            MOVES: ("amend", "succeed", "concludeCase", "holdCase"),
        },
        open=("raiseObjection",),
        layout={"rights.records": layout.RIGHTS_RECORDS, "rights.cases": layout.RIGHTS_CASES},
        refusals=RIGHTS_REFUSALS,
    ),
    "consents": Contract(
        "ConsentRegistry",
        roles={
            RELAY: ("open", "frozen", "receipt", "announced", "complete", "restrict"),
            MOVES: ("hold", "release"),
        },
        open=("announceReceipt",),
        layout={
            "consent.withdrawals": layout.CONSENT_WITHDRAWALS,
            "consent.receipts": layout.CONSENT_RECEIPTS,
            "consent.opened": layout.CONSENT_OPENED,
        },
        refusals=CONSENT_REFUSALS,
    ),
    "preservation": Contract(
        "Preservation",
        arguments=("manager", "rights", "consents"),
        asked=("authority()", "rights()", "consents()"),
        roles={
            RELAY: ("addEvidence",),
            MODULE: ("amend", "succeed", "concludeCase"),
        },
        open=("open", "release"),
        holds=(MOVES,),
        layout={
            "preservation.cases": layout.PRESERVATION_CASES,
            "preservation.evidence": layout.PRESERVATION_EVIDENCE,
            "preservation.parties": layout.PRESERVATION_PARTIES,
            "preservation.subjects": layout.PRESERVATION_SUBJECTS,
        },
        refusals=PRESERVATION_REFUSALS,
    ),
    "holders": Contract(
        "Holders",
        open=("enrol", "rotate", "replace", "veto", "revoke"),
        layout={"holders.organisations": layout.HOLDERS_ORGANISATIONS},
        refusals=HOLDER_REFUSALS,
    ),
    "moves": Contract(
        "RightsMoves",
        arguments=("manager", "preservation", "holders"),
        asked=("authority()", "preservation()", "holders()"),
        open=("license", "endLicence", "transfer", "change", "renew"),
        holds=(MODULE,),
        layout={
            "moves.licences": layout.MOVES_LICENCES,
            "moves.given": layout.MOVES_GIVEN,
            "moves.lines": layout.MOVES_LINES,
        },
        refusals=MOVE_REFUSALS,
    ),
    "standing": Contract(
        "Standing",
        arguments=("manager", "preservation", "holders"),
        asked=("authority()", "preservation()", "holders()"),
        roles={RELAY: ("lapse",)},
        open=("raiseObjection", "remark", "lift", "concludeObjection", "reserve", "release", "cancel"),
        holds=(MODULE,),
        layout={
            "standing.remarks": layout.STANDING_REMARKS,
            "standing.marks": layout.STANDING_MARKS,
        },
        refusals=STANDING_REFUSALS,
    ),
}
"""By the name that deployment files, policies and the client have for each, in the order of deployment."""


def selector(contract: str, function: str) -> bytes:
    """Give the 4-byte selector of a function of one of our contracts, by the contract's name in the table."""
    abi = artifact(CONTRACTS[contract].artifact).abi
    (item,) = (i for i in abi if i["type"] == "function" and i["name"] == function)
    return keccak256(f"{function}({','.join(canonical_type(i) for i in item['inputs'])})".encode())[:4]


def canonical_type(item: Mapping[str, Any]) -> str:
    """Give the canonical ABI type of a function's input, structs as tuples."""
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    parts = ",".join(canonical_type(part) for part in item["components"])
    return f"({parts}){item['type'][len('tuple') :]}"
