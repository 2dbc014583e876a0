"""A process that issues: `python -m … STATE SECONDS CASE…`; it says each number."""

import sys
from pathlib import Path

from tests.ledger import world as w
from tests.ledger.world import actor_of
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.opening import open_registry


def main() -> None:
    """Approve each case, waiting for the registry as long as others have it."""
    root, now, *cases = sys.argv[1:]
    for case in cases:
        with open_registry(Path(root), w.open_keys, clock=lambda: int(now), lock_seconds=60) as registry:
            sys.stdout.write(issuing.issue(registry, case, actor_of(registry, w.OFFICER)).number + "\n")


if __name__ == "__main__":
    main()
