"""An audit in a process of its own: what it takes of the processor and of memory, as JSON on its output.

`python -m scripts.bench_parts.auditing STATE`
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from scripts.bench_parts.measure import peak_mib
from yinzheng.ledger.audit import audit_registry
from yinzheng.ledger.demonstration.certificates import demonstration_keys
from yinzheng.ledger.registry import silent, wall_clock


def main(state: Path) -> None:
    """Audit the demonstration's registry in `state`."""
    begin = time.process_time()
    found = audit_registry(state, demonstration_keys, clock=wall_clock, progress=silent)
    if found:
        raise SystemExit(f"bench: the audit finds {found[0]}")
    sys.stdout.write(json.dumps({"seconds": time.process_time() - begin, "peak": peak_mib()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
