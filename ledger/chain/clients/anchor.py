"""The heads of the log on chain (S5.4)."""

from collections.abc import Sequence

from yinzheng.ledger.chain.clients.calling import Block, Calling
from yinzheng.ledger.chain.records import Head
from yinzheng.ledger.chain.sender import Call


class AnchorCalls(Calling):
    """What is asked of `CheckpointAnchor`."""

    def anchored_root(self, size: int, block: Block = "latest") -> bytes | None:
        """Read the root anchored for a tree of `size` leaves, None if none is."""
        (root,) = self._read("anchor", "rootAt", [size], block)
        return root if any(root) else None

    def latest_anchor(self, block: Block = "latest") -> Head | None:
        """Read the latest anchored head, None before the first."""
        size, root = self._read("anchor", "latest", [], block)
        return Head(size, root) if size else None

    def anchor(self, head: Head, proof: Sequence[bytes]) -> Call:
        """Anchor a head with its consistency proof from the latest one."""
        return self._call("anchor", "anchor", [head.size, head.root, list(proof)])
