"""A history held against the contracts: every line is on chain as told, and nothing that it lists is missing.

What a contract lists (successors, licences, remarks that stand) cannot be left out, nor the lifting of a
remark that came with a certificate. What it keeps without a list (other remarks that were lifted,
reservations that are over) is told by the log, and whoever leaves it out is not found out by this alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.layout import CANCELLED, LAPSED, ChainRecord
from yinzheng.verifier.chain.layout_disputes import BY_FORUM
from yinzheng.verifier.chain.layout_moves import ChainLicence, ChainRemark
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.licence import differing_terms, parse_licence, parse_licence_end
from yinzheng.verifier.formats.moves import SUCCESSIONS, Transfer, parse_succession
from yinzheng.verifier.formats.right_history import RightHistory, Told
from yinzheng.verifier.formats.standing import NOTHING, parse_cancellation, parse_lifting, parse_remark
from yinzheng.verifier.judge.history.chain import DISPUTE_OPENED, REMARK_ENTERED, REMARK_LIFTED, ChainWords
from yinzheng.verifier.log.statement import (
    CERTIFICATE_CANCELLED,
    CERTIFICATE_DEPOSITED,
    LICENCE_ENDED,
    LICENCE_GIVEN,
    certificate_subject,
)

DISPUTE_RELEASED: Final = "dispute.released"
_OVER: Final = {CERTIFICATE_CANCELLED: CANCELLED, "certificate.lapsed": LAPSED}


class Threads:
    """The statements of a history by what they are about, and the chain's word on each."""

    def __init__(
        self, history: RightHistory, chain: ChainWords, records: Mapping[bytes, ChainRecord]
    ) -> None:
        self.records: Final = records
        self._history, self._chain = history, chain
        self._bodies = {certificate_subject(one.record.number): one.record for one in history.certificates}
        self._numbers = {subject: body.number for subject, body in self._bodies.items()}
        self.listed: Final = {subject: chain.listed(subject) for subject in records}
        self._licences = {
            id_: self._licence(id_, subject) for subject, found in self.listed.items() for id_ in found.ids
        }
        self._remarks: dict[bytes, ChainRemark] = {}
        self._came: set[tuple[bytes, str]] = set()
        """Certificates and kinds of remarks that came with them and are told to have been lifted."""
        self._disputes: dict[bytes, tuple[int, int, bytes]] = {}
        self._told: dict[bytes, Told] = {told.statement.leaf_hash: told for told in history.statements}
        self._at: dict[bytes, int | None] = {}
        self._later: list[bytes] = []
        """The certificate asked about, and all shown that came from it."""

    def check(self) -> None:
        """Raises `DataFault`: `history-stray` for what does not belong, `history-short` for what is missing,
        `history-differs` for what the chain has otherwise; `NotGiven` where the evidence lacks a proof.
        """
        self._connected()
        for told in self._history.statements:
            self._at[told.statement.leaf_hash] = self._checked(told)
        self._none_missing()

    @property
    def whole(self) -> bool:
        """Whether nothing before or after the certificate asked about is left out, and no licence."""
        ends = {record.predecessor for record in self.records.values()}
        ends |= {one for subject in self._later for one in _after(self.records[subject])}
        return all(one in self.records for one in ends - {None}) and all(
            one.all for one in self.listed.values()
        )

    def successors(self, record: ChainRecord) -> tuple[str, ...]:
        """Numbers of those that follow; the subject in hex of one that is not shown."""
        return tuple(self._numbers.get(one, one.hex()) for one in _after(record))

    def on_chain_at(self, told: Told) -> int | None:
        """Time of the block that recorded it, where a contract keeps that."""
        return self._at[told.statement.leaf_hash]

    def number_of(self, told: Told) -> str:
        """Number of the certificate that a statement is about: of the first it holds, of a dispute."""
        subject = told.statement.subject
        if subject in self._licences:
            subject = self._licences[subject].certificate
        elif subject in self._disputes:
            subject = self._disputes[subject][2]
        return self._numbers[subject]

    def body_of(self, told: Told) -> Mapping[str, JSON] | None:
        """What a statement says in public: of a deposit the record."""
        if told.statement.type == CERTIFICATE_DEPOSITED:
            return self._bodies[told.statement.subject].to_json()
        return told.body

    # ---------------------------------------------------------------- one statement

    def _checked(self, told: Told) -> int | None:
        kind = told.statement.type
        check = _CHECKS.get(kind)
        if check is not None:
            return check(self, told)
        if told.statement.subject not in self.records:
            raise _stray(told)
        return None

    def _deposited(self, told: Told) -> int:
        return self.records[told.statement.subject].deposited_at

    def _given(self, told: Told) -> int:
        licence = self._licence_of(told)
        differing = differing_terms(parse_licence(told.body), licence)
        if licence.statement != told.statement.leaf_hash or differing:
            raise _differs(told, terms=list(differing))
        return licence.given_at

    def _ended(self, told: Told) -> int:
        licence = self._licence_of(told)
        body = parse_licence_end(told.body)
        said = (told.statement.leaf_hash, body.given, body.ground)
        if said != (licence.outcome, licence.statement, licence.ending):
            raise _differs(told)
        return licence.ended_at

    def _entered(self, told: Told) -> int:
        remark = self._chain.remark(told.statement.leaf_hash)
        body = parse_remark(told.body)
        subject = told.statement.subject
        if subject not in self.records:
            raise _stray(told)
        said = (subject, body.kind, body.digest, self._by_forum(told, body.by))
        if (
            remark is None
            or remark.came
            or said
            != (
                remark.certificate,
                remark.kind,
                remark.document or NOTHING,
                remark.by_forum,
            )
        ):
            raise _differs(told)
        self._remarks[told.statement.leaf_hash] = remark
        return remark.set_at

    def _lifted(self, told: Told) -> int:
        if told.statement.subject not in self.records:
            raise _stray(told)
        body = parse_lifting(told.body)
        leaf, subject = told.statement.leaf_hash, told.statement.subject
        if body.remark is None:  # what came with the certificate is lifted under the lifting's own statement
            remark = self._chain.remark(leaf)
            if remark is None or not remark.came or (remark.document or NOTHING) != body.digest:
                raise _differs(told)
            self._came.add((subject, body.kind))
        else:
            remark = self._remarks.get(body.remark)
        said = (subject, body.kind, leaf, self._by_forum(told, body.by))
        if remark is None or said != (
            remark.certificate,
            remark.kind,
            remark.lifting,
            remark.lifted_by_forum,
        ):
            raise _differs(told)
        return remark.lifted_at

    def _disputed(self, told: Told) -> int:
        id_ = told.statement.subject
        dispute, records = self._chain.dispute(id_)
        held = next((one for one in records if one in self.records), None)
        if dispute is None or held is None:
            raise _stray(told)
        self._disputes[id_] = (dispute.opened_at, dispute.released_at, held)
        opened = told.statement.type == DISPUTE_OPENED
        if told.statement.leaf_hash != (dispute.statement if opened else dispute.outcome):
            raise _differs(told)
        by_forum = dispute.kind == BY_FORUM if opened else dispute.released_by is not None
        if by_forum != (told.statement.by == "forum"):
            raise _differs(told)  # a party's opening is no court's, nor a settlement its document
        return dispute.opened_at if opened else dispute.released_at

    def _succeeded(self, told: Told) -> None:
        """What superseded a certificate names those that follow it, as the chain does, with their content."""
        body = parse_succession(told.statement.type, told.body)
        record = self._record_of(told)
        rest = body.remainder if isinstance(body, Transfer) else None
        named = [body.successor, *([] if rest is None else [rest])]
        subjects = [certificate_subject(one.number) for one in named]
        if subjects != _after(record) or body.certificate.leaf != record.content:
            raise _differs(told)
        for subject, one in zip(subjects, named, strict=True):
            if subject in self.records and self.records[subject].content != one.leaf:
                raise _differs(told)

    def _over(self, told: Told) -> None:
        """A cancellation or a lapse is of a certificate that the chain has as that."""
        record = self._record_of(told)
        if record.status != _OVER[told.statement.type]:
            raise _differs(told)
        if record.status == CANCELLED:
            body = parse_cancellation(told.body)
            by_forum = self._by_forum(told, body.by)
            if body.ending != record.ending or by_forum != (body.initiator == "forum"):
                raise _differs(told)

    def _by_forum(self, told: Told, by: Party) -> bool:
        """Whether a forum said it, or the registry: capacity and name must be of one of them."""
        forum = told.statement.by == "forum"
        registry = self._bodies[told.statement.subject].registry
        if forum == (by.code == registry.code) or (not forum and told.statement.by != "registry"):
            raise _differs(told)
        return forum

    def _record_of(self, told: Told) -> ChainRecord:
        found = self.records.get(told.statement.subject)
        if found is None:
            raise _stray(told)
        return found

    def _licence_of(self, told: Told) -> ChainLicence:
        found = self._licences.get(told.statement.subject)
        if found is None:
            raise _stray(told)
        return found

    def _licence(self, id_: bytes, subject: bytes) -> ChainLicence:
        found = self._chain.licence(id_)
        if found is None or found.certificate != subject:
            raise DataFault("a licence listed under a certificate is of another", code="licence-layout")
        return found

    # ---------------------------------------------------------------- all together

    def _connected(self) -> None:
        """Each certificate is one that the one asked about came from, or that came from it."""
        asked = certificate_subject(self._history.number)
        found, before = {asked}, self.records[asked].predecessor
        while before in self.records and before not in found:
            assert before is not None
            found.add(before)
            before = self.records[before].predecessor
        waiting = [asked]
        while waiting:
            self._later.append(waiting.pop())
            after = [one for one in _after(self.records[self._later[-1]]) if one in self.records]
            waiting += [one for one in after if one not in found]
            found.update(after)
        strange = [self._numbers[one] for one in self.records if one not in found]
        if strange:
            raise DataFault(
                "a certificate is shown that the one asked about did not come from or lead to",
                code="history-stray",
                certificates=strange,
            )

    def _none_missing(self) -> None:
        missing = [
            leaf.hex()
            for licence in self._licences.values()
            for leaf in (licence.statement, licence.outcome)
            if leaf is not None and leaf not in self._told
        ]
        for subject in self.records:
            for kind, marks in self._chain.marks(subject).items():
                standing = [
                    remark
                    for remark in self._remarks.values()
                    if (remark.certificate, remark.kind, remark.lifted_at) == (subject, kind, 0)
                ]
                came = any(one.kind == kind for one in self._bodies[subject].remarks)
                unsaid = came and marks.known and not marks.deposited and (subject, kind) not in self._came
                if unsaid or marks.entered != len(standing):
                    missing.append(f"{self._numbers[subject]}:{kind}")
        if missing:
            raise DataFault(
                "the chain lists licences or remarks of which the history says nothing",
                code="history-short",
                missing=missing,
            )


_CHECKS: Final[Mapping[str, Callable[[Threads, Told], int | None]]] = {
    CERTIFICATE_DEPOSITED: Threads._deposited,
    LICENCE_GIVEN: Threads._given,
    LICENCE_ENDED: Threads._ended,
    REMARK_ENTERED: Threads._entered,
    REMARK_LIFTED: Threads._lifted,
    **dict.fromkeys(SUCCESSIONS, Threads._succeeded),
    **dict.fromkeys(_OVER, Threads._over),
    DISPUTE_OPENED: Threads._disputed,
    DISPUTE_RELEASED: Threads._disputed,
}


def _after(record: ChainRecord) -> list[bytes]:
    return [one for one in (record.successor, record.remainder) if one is not None]


def _stray(told: Told) -> DataFault:
    return DataFault(
        "a statement is about none of the certificates shown",
        code="history-stray",
        leaf=told.statement.leaf_hash.hex(),
    )


def _differs(told: Told, **data: Any) -> DataFault:
    return DataFault(
        "the chain has it otherwise than a statement says",
        code="history-differs",
        leaf=told.statement.leaf_hash.hex(),
        **data,
    )
