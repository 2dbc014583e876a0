"""Withdrawals and disputes read from raw storage, compared with what the contracts' views say."""

from collections.abc import Iterable
from typing import Any

from web3 import Web3

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.verifier.chain import layout
from yinzheng.verifier.chain import layout_consents as consents
from yinzheng.verifier.chain import layout_disputes as disputes


def words(w3: Web3, contract: bytes, slots: Iterable[bytes]) -> list[int]:
    """Give what storage holds."""
    address = Web3.to_checksum_address(contract)
    return [
        int.from_bytes(w3.eth.get_storage_at(address, int.from_bytes(slot, "big")), "big") for slot in slots
    ]


def same(read: Any, shown: Any, names: Iterable[str]) -> None:
    """Require equal fields; what a view shows as zeros is None where it was read."""
    for name in names:
        seen, said = getattr(read, name), getattr(shown, name)
        assert seen == said or (seen is None and not any(said)), name


def withdrawal(w3: Web3, client: ContractsClient, id_: bytes) -> consents.ChainWithdrawal | None:
    """Read a withdrawal, which must be what the contract shows."""
    contract, shown = client.modules.consents, client.withdrawal(id_)
    read = consents.decode_withdrawal(words(w3, contract, consents.withdrawal_slots(id_)))
    if read is not None and shown is not None:
        same(read, shown, consents.ChainWithdrawal.__slots__)
    else:
        assert shown is None
        assert read is None or (read.state, read.holds) == (consents.NONE, 0)
    return read


def opened(w3: Web3, client: ContractsClient, consent: bytes) -> int:
    """Read how many withdrawals of a consent were opened, which must be what the contract shows."""
    (read,) = words(w3, client.modules.consents, [consents.opened_slot(consent)])
    assert read == client.withdrawals_opened(consent)
    return read


def receipt(w3: Web3, client: ContractsClient, id_: bytes, recipient: bytes) -> None:
    """Require that a receipt reads as the contract shows it."""
    shown = client.receipt_of(id_, recipient)
    read = consents.decode_receipt(words(w3, client.modules.consents, consents.receipt_slots(id_, recipient)))
    assert (read is None) == (shown is None)
    if read is not None and shown is not None:
        same(read, shown, ("late", "given_at", "statement"))
        assert read.given == (shown.state == 2)


def dispute(w3: Web3, client: ContractsClient, case_id: bytes, roots: Iterable[bytes]) -> None:
    """Require that a dispute, its evidence, parties and subjects read as the contract shows them."""
    contract, shown = client.modules.preservation, client.dispute(case_id)
    read = disputes.decode_dispute(words(w3, contract, disputes.dispute_slots(case_id)))
    assert (read is None) == (shown is None)
    if read is None or shown is None:
        return
    same(read, shown, disputes.ChainDispute.__slots__)
    for root in roots:
        entry, added = (
            disputes.decode_evidence(words(w3, contract, disputes.evidence_slots(case_id, root))),
            client.evidence(case_id, root),
        )
        assert (entry is None) == (added is None)
        if entry is not None:
            same(entry, added, ("index", "added_at", "statement"))
    parties = disputes.decode_parties(words(w3, contract, disputes.party_slots(case_id, read.parties)))
    assert parties == client.parties(case_id)
    held = client.subjects(case_id)
    for kind, listed in zip(disputes.SUBJECT_KINDS, (held.records, held.cases, held.consents), strict=True):
        slots = disputes.subject_slots(case_id, kind, len(listed))
        assert disputes.decode_subjects(words(w3, contract, slots)) == listed


def packed(*fields: tuple[int | bytes, int]) -> int:
    """Fields of (value, bytes), the first in the least significant bytes."""
    numbers = [
        (value if isinstance(value, int) else int.from_bytes(value, "big"), size) for value, size in fields
    ]
    return int.from_bytes(b"".join(number.to_bytes(size, "little") for number, size in numbers), "little")


def holder(w3: Web3, client: ContractsClient, organisation: bytes) -> list[int] | None:
    """Read an organisation's six words (S5.18), which must say what the contract shows."""
    first = layout.mapping_slot(organisation, layout.HOLDERS_ORGANISATIONS)
    read, shown = words(w3, client.modules.holders, layout.slots_from(first, 6)), client.holder(organisation)
    if shown is None:
        assert not any(read)
        return None
    assert read == [
        packed((shown.account, 20), (shown.state, 1), (shown.contested, 1), (shown.serial, 4)),
        packed((shown.next, 20), (shown.next_from, 8)),
        packed((shown.key, 32)),
        packed((shown.next_key, 32)),
        packed((shown.since, 8), (shown.ended_at, 8), (shown.lost_at, 8), (shown.changed_at, 8)),
        packed((shown.statement, 32)),
    ]
    return read


def licence(w3: Web3, client: ContractsClient, id_: bytes) -> None:
    """Require that a licence's words, and its place in the list, say what the contract shows (S5.21)."""
    at, shown = client.modules.moves, client.licence(id_)
    assert shown is not None
    first = layout.mapping_slot(id_, layout.MOVES_LICENCES)
    terms = packed(
        (shown.state, 1),
        (shown.exclusive, 1),
        (shown.rights, 1),
        (shown.acts, 1),
        (shown.territory, 5),
        (shown.valid_from, 8),
        (shown.valid_until, 8),
        (shown.ending, 1),
    )
    ends = packed((shown.given_at, 8), (shown.ended_at, 8))
    people = [packed((one, 32)) for one in (shown.certificate, shown.licensor, shown.licensee)]
    said = [packed((one, 32)) for one in (shown.statement, shown.outcome)]
    assert words(w3, at, layout.slots_from(first, 7)) == [*people, terms, *said, ends]
    listed = client.licences_of(shown.certificate)
    slots = layout.array_slots(layout.mapping_slot(shown.certificate, layout.MOVES_GIVEN), len(listed))
    assert words(w3, at, slots) == [len(listed), *(packed((one, 32)) for one in listed)]


def line(w3: Web3, client: ContractsClient, certificate: bytes) -> list[int]:
    """Read where a certificate's rights come from (S5.22)."""
    first = layout.mapping_slot(certificate, layout.MOVES_LINES)
    return words(w3, client.modules.moves, layout.slots_from(first, 2))


def remark(w3: Web3, client: ContractsClient, statement: bytes) -> None:
    """Require that a remark's four words, and its kind's marks, say what the contract shows (S5.24)."""
    at, shown = client.modules.standing, client.remark(statement)
    assert shown is not None
    first = layout.mapping_slot(statement, layout.STANDING_REMARKS)
    assert words(w3, at, layout.slots_from(first, 4)) == [
        packed((shown.certificate, 32)),
        packed((shown.document, 32)),
        packed(
            (shown.kind, 1),
            (shown.by_forum, 1),
            (shown.set_at, 8),
            (shown.lifted_at, 8),
            (shown.lifted_by_forum, 1),
        ),
        packed((shown.lifting, 32)),
    ]
    marks = client.marks(shown.certificate, shown.kind)
    slot = layout.nested_slot(
        shown.certificate, packed((shown.kind, 32)).to_bytes(32, "big"), layout.STANDING_MARKS
    )
    assert words(w3, at, layout.slots_from(slot, 1)) == [
        packed((marks.entered, 2), (marks.deposited, 1), (marks.known, 1))
    ]
