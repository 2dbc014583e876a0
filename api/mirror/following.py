"""One round of a mirror: copy the log, follow the chain, hold the one against the other (ADR 64).

What a node says of events nothing proves. So the anchor's newest head and the contracts' authorities are read
from the chain's proved state, and what events add up to is held against it: how each certificate stands
against its record, of those that events were about and of a few others each round, and who may do what
against the root of the authority's storage (`powers.py`). An event that is left out is found by the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from yinzheng.api.mirror import direct, powers, watched
from yinzheng.api.mirror.copying import STALE, WITHHELD, Forked, Served, copy
from yinzheng.api.mirror.keeping import Folder
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.chain.evidence import Contract, Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.layout import (
    ANCHOR_LATEST,
    AUTHORITY,
    NONE,
    decode_record,
    record_slots,
    root_slot,
)
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.merkle import EMPTY_ROOT
from yinzheng.verifier.log.note import Checkpoint
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED, Statement
from yinzheng.verifier.log.tiles import WIDTH, Tile

BLOCKS: Final = 2000
"""Of which events are asked for at once; fewer where the answer is too long, or the node refuses."""
_TOO_MUCH: Final = frozenset({"node-too-long", "node-refused"})
OTHERS: Final = 16
"""Certificates compared in a round that no event was about."""
_TOGETHER: Final = 32
"""Records proved by one answer."""

Alarm = dict[str, Any]
_CONTRACTS: Final = ("anchor", "rights", "consents", "preservation", "holders", "moves", "standing")


class Node(direct.Node, Protocol):
    """A chain node. Each raises `EnvironmentFault` where it does not answer."""

    def final(self) -> int:
        """Number of the last final block."""

    def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[Mapping[str, Any]]:
        """Events of these contracts in these blocks."""

    def storage(
        self, wanted: Mapping[bytes, Sequence[bytes]], *, at: int | None, block: int | None
    ) -> object:
        """Evidence for slots, in that block."""


@dataclass
class Round:
    """One round, and what it found."""

    folder: Folder
    source: Served
    node: Node | None
    trust: TrustPolicy
    now: int
    """UTC seconds."""
    grace: int
    """Seconds in which what comes late may come: anchoring, cosignatures, statements of what others sent."""
    tell: Callable[[Alarm], None]
    """Hears each alarm once, after it was written down."""
    alarms: list[Alarm] = field(default_factory=list)
    """What is wrong as of this round, told before or not."""
    unknown: list[EnvironmentFault] = field(default_factory=list)
    """What could not be asked."""
    _late: set[str] = field(default_factory=set)
    _shown: bool = False
    """Whether the log was to be had, and as it should be."""
    _followed: bool = False
    _founds: list[Statement] | None = None

    def run(self) -> None:
        """Look at everything, as far as log, node and disk let us."""
        final = self._asked(self.node.final) if self.node is not None else None
        head = self._asked(self._copied)
        # Whoever shows no log, or a wrong one, stops nobody from following the chain.
        head = head or self._asked(self.folder.log.checkpoint) or Checkpoint(self.trust.origin, 0, EMPTY_ROOT)
        if final is not None and self.node is not None:
            self._asked(lambda: self._follow(self.node, final, head))  # type: ignore[arg-type]  # is not None
        state = self.folder.state
        if self._shown:
            for name in [name for name in state.waiting if name not in self._late and self._settles(name)]:
                del state.waiting[name]
        self._asked(self.folder.keep)

    # ---------------------------------------------------------------- the log

    def _copied(self) -> Checkpoint | None:
        try:
            head, note = copy(self.folder, self.source, self.trust)
            cosigned = self.trust.witnesses.cosigned(note)
        except DataFault as fault:
            about = str(fault.data.get("size", fault.data.get("at", "")))
            if isinstance(fault, Forked):
                self._cry(fault.code, about, fault.message)
            elif fault.code.startswith(("note-", "checkpoint-", "cosignature-")):
                self._cry("log-head", fault.code, fault.message)
            else:
                raise
            return None
        except EnvironmentFault as fault:
            if fault.code in (STALE, WITHHELD):
                self._later(fault.code, str(fault.data["at"]), fault.message, fault.data["at"])
            raise
        self._shown = True
        if not cosigned.enough:
            names = ", ".join(cosigned.data["missing"])
            self._later("witnesses-missing", "head", f"the log's head lacks witnesses: {names}", head.size)
        return head

    # ---------------------------------------------------------------- the chain

    def _follow(self, node: Node, final: int, head: Checkpoint) -> None:
        state = self.folder.state
        if final < state.block:
            raise EnvironmentFault(
                f"the node is at block {final}, after {state.block}", code="node-lags", hint="Ask another."
            )
        pinned = {name: one for name in _CONTRACTS if (one := getattr(self.trust, name)) is not None}
        names = {one.address: name for name, one in pinned.items()}
        authorities = self._authorities(node, final, pinned)
        names |= dict.fromkeys(authorities, "authority")
        roots = self._roots(node, final, authorities)
        state.began = final if state.began < 0 else state.began  # proved by now
        touched: set[str] = set()
        width = BLOCKS
        while state.block < final:
            last = min(final, state.block + width)
            try:
                logs = node.logs(list(names), state.block + 1, last)
            except EnvironmentFault as fault:
                if fault.code not in _TOO_MUCH or width == 1:
                    raise
                width = max(1, width // 8)
                continue
            try:
                self._events(logs, names, touched)
            except IndexError as fault:
                raise EnvironmentFault(
                    f"an event up to block {last} has too few topics",
                    code="node-nonsense",
                    hint="Ask another.",
                ) from fault
            state.block = last  # from here the next round goes on, should this one not come to its end
        for change in powers.compared(state, roots, final):
            self._cry(*change)
        self._again()
        self._logged()
        self._anchored(node, final, head)
        self._compare(node, final, touched)
        self._followed = True

    def _authorities(self, node: Node, block: int, pinned: Mapping[str, Contract]) -> set[bytes]:
        """Whose word the contracts' powers are, those that it was before among them."""
        slot, state = _slot(AUTHORITY), self.folder.state
        evidence = self._proved(node, block, {one: [slot] for one in pinned.values()})
        if (age := self.now - evidence.block.time) > self.trust.max_age:
            message = f"the node's last final block is {counted(age, 'second')} old"
            self.unknown.append(EnvironmentFault(message, code="node-stale", hint="Ask another node."))
        found = {bytes.fromhex(one) for one in state.authority.values()}
        for name, one in pinned.items():
            (word,) = self._read(evidence, block, one, [slot])
            authority = (word & (1 << 160) - 1).to_bytes(20, "big")
            found.add(authority)
            before = state.authority.setdefault(name, authority.hex())
            if before != authority.hex():
                message = f"the powers over {name} went from 0x{before} to 0x{authority.hex()}"
                self._cry("authority-changed", f"{name}:{authority.hex()}", message)
        return found

    def _roots(self, node: Node, block: int, authorities: set[bytes]) -> dict[str, str]:
        """The root of the storage of each, by its address: another one as soon as anything in it is."""
        asked: dict[bytes, Sequence[bytes]] = {one: [] for one in sorted(authorities)}
        evidence = self._sealed(node, block, asked)
        found: dict[str, str] = {}
        for one in asked:
            try:
                found[one.hex()] = evidence.storage_root(one).hex()
            except (DataFault, NotGiven) as fault:
                if fault.code != "contract-absent":  # that nothing is there is proved as well
                    raise _unproved(block, fault) from fault
                found[one.hex()] = ""
        return found

    def _events(
        self,
        logs: Sequence[Mapping[str, Any]],
        names: Mapping[bytes, str],
        touched: set[str],
    ) -> None:
        wanted: dict[bytes, tuple[str, int, dict[str, Any] | None]] = {}
        for log in logs:
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            kind = watched.KINDS.get(topics[0]) if topics else None
            if kind is None or names.get(bytes.fromhex(log["address"][2:])) != kind.contract:
                continue
            block = int(log["blockNumber"], 16)
            if kind.contract == "authority":
                change = powers.changed(kind, topics, log, block)
                if change is not None and block > self.folder.state.began:
                    powers.note(self.folder.state, change)  # what was so before is its owner's to look at
            elif kind.contract == "rights":
                self._status(kind, topics, log, touched)
            leaf = kind.leaf(log)
            if leaf is not None and any(leaf):
                wanted.setdefault(leaf, (kind.name, block, direct.told(kind, log)))
        absent = self._absent(set(wanted))
        for leaf in filter(absent.__contains__, wanted):  # in the order of the chain
            self._missing(leaf, *wanted[leaf])

    def _again(self) -> None:
        """Look once more at what waited before this round: its events are in no block of it."""
        waiting = {k: v for k, v in self.folder.state.waiting.items() if k not in self._late}
        leaves = {bytes.fromhex(v["about"]): v for k, v in waiting.items() if k.startswith("statement-")}
        absent = self._absent(set(leaves))
        for leaf in filter(absent.__contains__, leaves):
            one = leaves[leaf]
            self._missing(leaf, one["event"], one["of"], one.get("direct"))

    def _logged(self) -> None:
        """Certificates that the log tells of are compared too, should no event ever be about them."""
        log, state = self.folder.log, self.folder.state
        for statement in map(Statement.from_bytes, log.entries(state.seen)):
            if statement.type == CERTIFICATE_DEPOSITED:
                state.status.setdefault(statement.subject.hex(), NONE)
        state.seen = log.size

    def _missing(self, leaf: bytes, name: str, block: int, told: dict[str, Any] | None) -> None:
        if told is not None and self._found(leaf, block, told):
            return
        message = f"{name} in block {block} names a statement that the log does not hold"
        self._later("statement-missing", leaf.hex(), message, block, event=name, direct=told)

    def _found(self, name: bytes, block: int, told: Mapping[str, Any]) -> bool:
        if self._founds is None:
            self._founds = direct.founds_of(self.folder.log, self.trust.origin)
        return self.node is not None and direct.is_found(self.node, self._founds, name, block, told)

    def _status(
        self, kind: watched.Kind, topics: Sequence[bytes], log: Mapping[str, Any], touched: set[str]
    ) -> None:
        status = {watched.DEPOSITED: 1, watched.SUCCEEDED: 2}.get(kind)
        if kind is watched.AMENDED:
            status = int.from_bytes(watched.word(log, 1), "big")
        if status is not None:
            self.folder.state.status[topics[1].hex()] = status
            touched.add(topics[1].hex())

    def _anchored(self, node: Node, block: int, head: Checkpoint) -> None:
        """What the chain has for the newest head is of the copied log, and the copied log is on it soon."""
        (word,) = self._words(node, block, self.trust.anchor, [_slot(ANCHOR_LATEST)])
        latest = word & (1 << 64) - 1
        if latest > head.size:
            message = (
                f"the chain has {counted(latest, 'statement')} by block {block}, the log shows {head.size}"
            )
            self._later("log-behind-chain", "head", message, latest, reached=head.size)
        sizes = sorted({one for one in (latest, head.size) if 0 < one <= self.folder.log.size})
        roots = self._words(node, block, self.trust.anchor, [root_slot(one) for one in sizes])
        for size, root in zip(sizes, roots, strict=True):
            if root and root.to_bytes(32, "big") != self.folder.log.root(size):
                self._cry(
                    "anchor-differs",
                    str(size),
                    f"the chain anchored another head of {counted(size, 'statement')}",
                )
        if latest < head.size:
            message = (
                f"the chain has {counted(latest, 'statement')} by block {block}, and the log {head.size}"
            )
            self._later("head-unanchored", "head", message, head.size, reached=latest)

    def _compare(self, node: Node, block: int, touched: set[str]) -> None:
        """Events against proved records: those touched, and the next few of all."""
        state = self.folder.state
        known = sorted(state.status)
        others = [known[(state.next + at) % len(known)] for at in range(min(OTHERS, len(known)))]
        state.next = (state.next + OTHERS) % max(1, len(known))
        asked = sorted({*touched, *others})
        for at in range(0, len(asked), _TOGETHER):
            some = asked[at : at + _TOGETHER]
            slots = {one: record_slots(bytes.fromhex(one)) for one in some}
            words = self._words(node, block, self.trust.rights, [s for one in some for s in slots[one]])
            for number, one in enumerate(some):
                record = decode_record(words[8 * number : 8 * number + 8])
                found = 0 if record is None else record.status
                if found != state.status[one]:
                    message = f"a certificate's status is {found}, and by its events {state.status[one]}"
                    self._cry("status-differs", one, message)

    def _words(self, node: Node, block: int, contract: Contract, slots: Sequence[bytes]) -> list[int]:
        """Proved words of a sealed block. Raises `EnvironmentFault` `node-unproved`."""
        if not slots:
            return []
        return self._read(self._proved(node, block, {contract: slots}), block, contract, slots)

    def _proved(self, node: Node, block: int, wanted: Mapping[Contract, Sequence[bytes]]) -> Evidence:
        """Evidence of that sealed block and no other. Raises as `_words`."""
        return self._sealed(node, block, {contract.address: slots for contract, slots in wanted.items()})

    def _sealed(self, node: Node, block: int, asked: Mapping[bytes, Sequence[bytes]]) -> Evidence:
        try:
            found = node.storage(asked, at=None, block=block)
            evidence = parse_evidence(found, slots=max(1, *map(len, asked.values())))
            sealed(evidence, self.trust)
        except (DataFault, NotGiven) as fault:
            raise _unproved(block, fault) from fault
        if evidence.block.number != block:
            raise _unproved(block, DataFault("it is of another block", code="node-other-block"))
        return evidence

    def _read(self, evidence: Evidence, block: int, contract: Contract, slots: Sequence[bytes]) -> list[int]:
        try:
            return evidence.words(contract, slots)
        except (DataFault, NotGiven) as fault:
            raise _unproved(block, fault) from fault

    # ---------------------------------------------------------------- what is found

    def _absent(self, wanted: set[bytes]) -> set[bytes]:
        """Those leaf hashes that the copy does not hold; the newest are looked at first."""
        size, missing = self.folder.log.size, set(wanted)
        for index in reversed(range(-(-size // WIDTH))):
            if not missing:
                break
            data = self.folder.log.files.read(Tile(0, index, min(WIDTH, size - index * WIDTH)))
            missing -= {data[at : at + 32] for at in range(0, len(data), 32)}
        return missing

    def _later(self, code: str, about: str, message: str, of: int, *, reached: int = -1, **more: Any) -> None:
        """Cry if it is still so when the grace is over, which begins anew once `of` is reached."""
        name, waiting = f"{code}:{about}", self.folder.state.waiting
        self._late.add(name)
        if name not in waiting or waiting[name]["of"] <= reached:
            waiting[name] = {"since": self.now, "about": about, "of": of, **more}
        one = waiting[name]
        if self.now - one["since"] < self.grace:
            return
        if self._shown or code in (STALE, WITHHELD):
            self._cry(code, about if about != "head" else str(one["of"]), message)

    def _cry(self, code: str, about: str, message: str, **more: Any) -> None:
        alarm = {"at": self.now, "code": code, "about": about, "message": message, **more}
        self.alarms.append(alarm)
        try:
            fresh = self.folder.cry(alarm)
        except EnvironmentFault as fault:  # told again each round is better than never
            self.unknown.append(fault)
            fresh = True
        if fresh:
            self.tell(alarm)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except EnvironmentFault as fault:
            self.unknown.append(fault)
        except DataFault as fault:  # what log and node say wrongly is told of before it comes here
            message = f"the copy in this folder is damaged: {fault.message}"
            hint = "Begin anew in another folder, and keep this one: it may be evidence."
            self.unknown.append(EnvironmentFault(message, code="mirror-damaged", hint=hint))
        return None

    def _settles(self, name: str) -> bool:
        """Whether this round, which did not meet it again, shows that it mended."""
        return name.startswith(("witnesses-missing:", f"{STALE}:", f"{WITHHELD}:")) or self._followed


def _slot(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _unproved(block: int, fault: YinzhengError) -> EnvironmentFault:
    return EnvironmentFault(
        f"what the node says of block {block} is not proved: {fault.message}",
        code="node-unproved",
        hint="Ask another node, or see whether your policy is current.",
        reason=fault.code,
    )
