"""A pack is verified with everything but the verifier absent, and no network (D7, D8)."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.verifier.pack.pack_world import NOW, genuine_pack, pack_trust
from tests.verifier.test_alone import FORBIDDEN

PROGRAM = """
import importlib.abc, io, json, sys

FORBIDDEN = set(json.loads(sys.argv[1]))

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if any(name == other or name.startswith(other + ".") for other in FORBIDDEN):
            raise ImportError(f"{name} must not be needed")
        return None

sys.meta_path.insert(0, Blocker())
from yinzheng.verifier.judge.pack.report_json import report_json
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import parse_trust
pack, trust = io.BytesIO(sys.stdin.buffer.read()), parse_trust(sys.argv[2].encode())
report = verify_pack(pack, trust, now=int(sys.argv[3]))
print(json.dumps(report_json(report)))
"""


def test_a_pack_is_verified_by_the_verifier_alone() -> None:
    policy: list[dict[str, object]] = []
    pack_trust(policy.append)
    forbidden = [*FORBIDDEN, "rfc3161_client"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            json.dumps(forbidden),
            json.dumps(policy[0]),
            str(NOW),
        ],
        input=genuine_pack(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answer"] == "consistent"
