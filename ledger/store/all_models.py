"""Every module of tables, so that whoever makes or migrates a database knows them all."""

from yinzheng.ledger.store import (
    models,
    models_accesses,
    models_consents,
    models_disputes,
    models_inlets,
    models_moves,
    models_register,
    models_supervision,
    models_trades,
    models_watch,
    models_witnesses,
    register_names,
)

__all__ = [
    "models",
    "models_accesses",
    "models_consents",
    "models_disputes",
    "models_inlets",
    "models_moves",
    "models_register",
    "models_supervision",
    "models_trades",
    "models_watch",
    "models_witnesses",
    "register_names",
]
