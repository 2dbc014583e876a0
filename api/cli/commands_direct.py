"""Commands by which an organisation tells the contracts itself (D17)."""

from __future__ import annotations

from typing import Final

from yinzheng.api.cli.lazy import Command, Group

DIRECT: Final = Group(
    "direct",
    "Tell the contracts ourselves, through our own node; nobody can refuse. 直接上链。",
    (
        Command(
            "object",
            "org_direct:object_",
            "Object on the chain itself; nobody can refuse to take it in. 直接在链上提出异议。",
        ),
        Command(
            "reserve",
            "org_direct:reserve",
            "Reserve a certificate on the chain itself, for a trade (R46). 直接在链上预留证书。",
        ),
    ),
)
