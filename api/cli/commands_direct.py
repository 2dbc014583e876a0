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
            "org.direct:object_",
            "Object on the chain itself; nobody can refuse to take it in. 直接在链上提出异议。",
        ),
        Command(
            "reserve",
            "org.direct:reserve",
            "Reserve a certificate on the chain itself, for a trade (R46). 直接在链上预留证书。",
        ),
        Command(
            "release",
            "org.direct:release",
            "End a reservation of ours on the chain itself. 直接在链上解除预留。",
        ),
        Command(
            "destroyed",
            "org.direct:destroyed",
            "Announce on the chain itself that what was taken back is destroyed here. 直接上链登记销毁回执。",
        ),
        Command(
            "open-dispute",
            "org.direct_disputes:open_",
            "Open a dispute on the chain itself, as a forum: what it concerns is held. 直接立案保全。",
        ),
        Command(
            "release-dispute",
            "org.direct_disputes:release",
            "End a dispute on the chain itself, by our document: nothing is held for it. 直接解除保全。",
        ),
        Command(
            "hand-in",
            "org.direct:hand_in",
            "Hand in what was told the chain directly, so that it can be worked on. 事后提交直接上链的内容。",
        ),
    ),
)
