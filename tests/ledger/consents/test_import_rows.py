"""What the workers of an import load, before they read a line."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("argon2", "eth_account", "fastapi", "sqlalchemy", "sqlmodel", "web3")


def test_a_worker_loads_no_database_and_no_chain() -> None:
    program = (
        f"import sys, yinzheng.ledger.consents.import_rows; print([n for n in {HEAVY} if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
