"""Tables for pairings are computed when somebody pairs, and what comes out is what it was."""

import subprocess
import sys

_PAIRED = """
import sys
import yinzheng.ledger.chain.embedded.chain
from yinzheng.ledger.chain.pairings import _MODULES, _Deferred
assert all(type(sys.modules[name]) is _Deferred for name in _MODULES)
from py_ecc import bls12_381, optimized_bls12_381, optimized_bn128 as curve
one = curve.pairing(curve.G2, curve.G1)
assert curve.pairing(curve.G2, curve.multiply(curve.G1, 2)) == one * one != one
assert type(sys.modules[_MODULES[-1]]) is not _Deferred
for other in (bls12_381, optimized_bls12_381):
    assert other.pairing(other.Z2, other.G1) == other.FQ12.one()  # and with it the tables are there
assert not any(type(sys.modules[name]) is _Deferred for name in _MODULES)
"""


def test_pairing_after_all() -> None:
    subprocess.run([sys.executable, "-c", _PAIRED], check=True)
