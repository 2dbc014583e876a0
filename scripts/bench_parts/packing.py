"""Builds or verifies one pack in a process of its own, so that its memory can be told apart.

Run as `python -m scripts.bench_parts.packing build STATE DISPUTE PACK` or `… verify PACK TRUST`: prints one
JSON object with seconds and MiB. Verifying loads the verifier alone.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from scripts.bench_parts.measure import peak_mib, seconds


def _build(state: Path, dispute: str, pack: Path) -> float:
    from yinzheng.ledger.demonstration.certificates import OFFICER, demonstration_keys
    from yinzheng.ledger.demonstration.people import acting_as
    from yinzheng.ledger.disputes.packing import build_pack
    from yinzheng.ledger.opening import open_registry
    from yinzheng.ledger.registry import silent

    with open_registry(state, demonstration_keys) as registry:
        by = acting_as(registry, OFFICER)
        return seconds(lambda: build_pack(registry, dispute, pack, by=by, progress=silent))


def _verify(pack: Path, trust: Path) -> float:
    from yinzheng.verifier.judge.pack.report import Answer, PackReport
    from yinzheng.verifier.judge.pack.verify import verify_pack
    from yinzheng.verifier.judge.trust import parse_trust

    policy, found = parse_trust(trust.read_bytes()), list[PackReport]()
    with pack.open("rb") as file:
        taken = seconds(lambda: found.append(verify_pack(file, policy, now=int(time.time()))))
    if found[0].verdict is Answer.INCONSISTENT:
        raise SystemExit(f"bench: the pack is not consistent: {found[0].faults()}")
    return taken


def _main(what: str, arguments: list[str]) -> None:
    if what == "build":
        taken = _build(Path(arguments[0]), arguments[1], Path(arguments[2]))
    else:
        taken = _verify(Path(arguments[0]), Path(arguments[1]))
    sys.stdout.write(json.dumps({"seconds": taken, "peak": peak_mib()}))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
