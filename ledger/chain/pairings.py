"""Pairings of elliptic curves, whose tables are computed when somebody pairs, and not before.

`py_ecc` computes them as it is imported, web3 and py-evm import it, and so each command of the registry took
half a second longer, for two precompiled contracts that ours never call. Whoever calls them gets the same.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from threading import Lock
from types import ModuleType
from typing import Any, Final

_MODULES: Final = (
    "py_ecc.bls12_381.bls12_381_pairing",
    "py_ecc.optimized_bls12_381.optimized_pairing",
    "py_ecc.optimized_bn128.optimized_pairing",
)
_NAMES: Final = ("final_exponentiate", "pairing")
_lock = Lock()


class _Deferred(ModuleType):
    """Stands in for a module until one of its functions is called."""


def _calling(module: str, name: str) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        with _lock:
            if isinstance(sys.modules.get(module), _Deferred):
                del sys.modules[module]
            real = importlib.import_module(module)
        return getattr(real, name)(*args, **options)

    return call


def defer() -> None:
    """Stand in for those modules that are not imported yet."""
    for module in _MODULES:
        if module not in sys.modules:
            stand_in = sys.modules[module] = _Deferred(module)
            for name in _NAMES:
                setattr(stand_in, name, _calling(module, name))
