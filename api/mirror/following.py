"""One round of a mirror: copy the log, follow the chain, hold the one against the other (ADR 64).

What a node says of events nothing proves. So what they add up to is held against the chain's proved state:
heads against the anchor, and how each certificate stands against its record, of those that events were about
and of a few others each round. Whoever leaves an event out is found by the state, sooner or later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from yinzheng.api.mirror import watched
from yinzheng.api.mirror.copying import Forked, Served, copy
from yinzheng.api.mirror.keeping import Folder
from yinzheng.verifier.chain.evidence import Contract, Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.layout import decode_record, record_slots, root_slot
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.note import Checkpoint
from yinzheng.verifier.log.tiles import WIDTH, Tile

BLOCKS: Final = 2000
"""Of which events are asked for at once."""
OTHERS: Final = 16
"""Certificates compared in a round that no event was about."""
_TOGETHER: Final = 32
"""Records proved by one answer."""

Alarm = dict[str, Any]
_CONTRACTS: Final = ("anchor", "rights", "consents", "preservation", "holders", "moves", "standing")


class Node(Protocol):
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
    _followed: bool = False

    def run(self) -> None:
        """Look at everything, as far as log and node answer."""
        final = self._asked(self.node.final) if self.node is not None else None
        head = self._asked(self._copied)
        if head is not None and final is not None and self.node is not None:
            self._asked(lambda: self._follow(self.node, final, head))  # type: ignore[arg-type]  # is not None
        state = self.folder.state
        if head is not None:
            for name in [name for name in state.waiting if name not in self._late and self._settles(name)]:
                del state.waiting[name]
        self.folder.keep()

    # ---------------------------------------------------------------- the log

    def _copied(self) -> Checkpoint | None:
        try:
            head, note = copy(self.folder, self.source, self.trust)
            cosigned = self.trust.witnesses.cosigned(note)
        except DataFault as fault:
            about = str(fault.data.get("size", fault.data.get("at", "")))
            kind = fault.code if isinstance(fault, Forked) else "log-head"
            self._cry(kind, about, fault.message, reason=fault.code)
            return None
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
        baseline = state.block < 0
        authority = self._authority(node, final)
        pinned = {name: getattr(self.trust, name) for name in _CONTRACTS}
        names = {one.address: name for name, one in pinned.items() if one is not None} | {
            authority: "authority"
        }
        touched: set[str] = set()
        first = state.block + 1
        while first <= final:
            last = min(final, first + BLOCKS - 1)
            logs = node.logs(list(names), first, last)
            self._events(logs, names, touched, head, baseline=baseline)
            first = last + 1
        self._again(head)
        self._anchored(node, final, head)
        self._compare(node, final, touched)
        state.block = final
        self._followed = True

    def _authority(self, node: Node, block: int) -> bytes:
        """Whose word the contracts' rights are: the first word of what `AccessManaged` stores."""
        slot = bytes(32)
        (word,) = self._words(node, block, self.trust.anchor, [slot])
        return (word & (1 << 160) - 1).to_bytes(20, "big")

    def _events(
        self,
        logs: Sequence[Mapping[str, Any]],
        names: Mapping[bytes, str],
        touched: set[str],
        head: Checkpoint,
        *,
        baseline: bool,
    ) -> None:
        wanted: dict[bytes, tuple[str, int]] = {}
        for log in logs:
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            kind = watched.KINDS.get(topics[0]) if topics else None
            if kind is None or names.get(bytes.fromhex(log["address"][2:])) != kind.contract:
                continue
            block = int(log["blockNumber"], 16)
            if kind in (watched.GRANTED, watched.REVOKED):
                if not baseline:  # what was so when the mirror began is its owner's to look at
                    self._role(kind, topics, block)
            elif kind is watched.ANCHORED:
                self._head(int.from_bytes(topics[1], "big"), topics[2], block, head)
            elif kind.contract == "rights":
                self._status(kind, topics, log, touched)
            leaf = kind.leaf(log)
            if leaf is not None and any(leaf):
                wanted.setdefault(leaf, (kind.name, block))
        for leaf in self._absent(set(wanted)):
            name, block = wanted[leaf]
            self._missing(leaf, name, block)

    def _again(self, head: Checkpoint) -> None:
        """Look once more at what waited before this round: its events are in no block of it."""
        waiting = {k: v for k, v in self.folder.state.waiting.items() if k not in self._late}
        leaves = {bytes.fromhex(v["about"]): v for k, v in waiting.items() if k.startswith("statement-")}
        for leaf in self._absent(set(leaves)):
            self._missing(leaf, leaves[leaf]["event"], leaves[leaf]["of"])
        for one in [v for k, v in waiting.items() if k.startswith("log-behind-chain:")]:
            self._beyond(int(one["about"]), one["of"], head)

    def _missing(self, leaf: bytes, name: str, block: int) -> None:
        message = f"{name} in block {block} names a statement that the log does not hold"
        self._later("statement-missing", leaf.hex(), message, block, event=name)

    def _role(self, kind: watched.Kind, topics: Sequence[bytes], block: int) -> None:
        role, account = int.from_bytes(topics[1], "big"), topics[2][12:].hex()
        done = "granted to" if kind is watched.GRANTED else "taken from"
        code = "role-granted" if kind is watched.GRANTED else "role-revoked"
        self._cry(code, f"{role}:{account}:{block}", f"role {role} was {done} 0x{account} in block {block}")

    def _head(self, size: int, root: bytes, block: int, head: Checkpoint) -> None:
        if size > head.size:
            self._beyond(size, block, head)
        elif self.folder.log.root(size) != root:
            self._cry("anchor-differs", str(size), f"the chain anchored another head of {size} statements")

    def _beyond(self, size: int, block: int, head: Checkpoint) -> None:
        if size > head.size:
            message = f"the chain has {size} statements since block {block}, the log shows {head.size}"
            self._later("log-behind-chain", str(size), message, block)

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
        """The newest copied head is on the chain, or will be soon."""
        (root,) = self._words(node, block, self.trust.anchor, [root_slot(head.size)])
        if root == 0:
            self._later(
                "head-unanchored", "head", f"the head of {head.size} statements is not anchored", block
            )
        elif root.to_bytes(32, "big") != head.root:
            self._cry("anchor-differs", str(head.size), f"the chain anchored another head of {head.size}")

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
        try:
            evidence: Evidence = parse_evidence(
                node.storage({contract.address: slots}, at=None, block=block), slots=len(slots)
            )
            sealed(evidence, self.trust)
            return evidence.words(contract, slots)
        except (DataFault, NotGiven) as fault:
            raise EnvironmentFault(
                f"what the node says of block {block} is not proved: {fault.message}",
                code="node-unproved",
                hint="Ask another node, or see whether your policy is current.",
                reason=fault.code,
            ) from fault

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

    def _later(self, code: str, about: str, message: str, of: int, **more: Any) -> None:
        """Cry if it is still so when the grace is over."""
        name = f"{code}:{about}"
        self._late.add(name)
        one = self.folder.state.waiting.setdefault(
            name, {"since": self.now, "about": about, "of": of, **more}
        )
        if self.now - one["since"] >= self.grace:
            self._cry(code, about if about != "head" else str(one["of"]), message)

    def _cry(self, code: str, about: str, message: str, **more: Any) -> None:
        alarm = {"at": self.now, "code": code, "about": about, "message": message, **more}
        self.alarms.append(alarm)
        if self.folder.cry(alarm):
            self.tell(alarm)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except EnvironmentFault as fault:
            self.unknown.append(fault)
            return None

    def _settles(self, name: str) -> bool:
        """Whether this round, which did not meet it again, shows that it mended."""
        return name.startswith("witnesses-missing:") or self._followed
