"""What those who hold a receipt, or what looks like one, send to the desk and to the pages."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from tests.tables.scene import Scene
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.receipts import make_receipt
from yinzheng.ledger.rules.extent import Way
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.formats.receipt import decode_receipt_qr, encode_receipt, with_credential

BORN: Final = "1980-02-29"
CHILDS: Final = "2019-05-01"
PAPER: Final = b"\xff\xd8\xff\xe0 a photograph"
EVERYTHING: Final[dict[str, Any]] = {"everything": True, "scopes": [], "recipients": []}


@dataclass(frozen=True)
class Papers:
    """The receipts that were handed out for one consent: the one that is lost, and its bearer's."""

    subject: bytes
    born: str
    lost: str
    own: str
    withdrawal: bytes = b""


def papers(scene: Scene, name: str) -> Papers:
    """What a patient holds, by what the row is about."""
    if name not in scene.kept:
        subject, born, withdrawal = scene.fresh(f"consent: {name}"), BORN, b""
        if name == "child":
            subject, born = scene.clinic.grant(born=CHILDS), CHILDS
        lost = scene.clinic.own(subject)
        scene.clinic.credentials.clear()  # the next is handed out in its place
        own = scene.clinic.own(subject)
        if name == "child":
            withdrawal = scene.clinic.file(subject, channel=Way.GUARDIAN)
        elif name == "concluded":
            withdrawal = scene.clinic.file(subject)
            scene.clinic.complete(withdrawal)
        scene.settle()
        scene.kept[name] = Papers(subject, born, lost, own, withdrawal)
    found: Papers = scene.kept[name]
    return found


def shown(scene: Scene, who: str, mine: Papers) -> tuple[str, str]:
    """The text of the code that somebody shows, and the date of birth they say."""
    neighbour = papers(scene, f"neighbour of {mine.subject.hex()}")
    credential = decode_receipt_qr(mine.own).credential
    others = decode_receipt_qr(neighbour.own).credential
    assert credential is not None
    assert others is not None
    if who == "neighbour":
        return neighbour.own, neighbour.born
    if who == "birthday":
        return mine.own, "1999-01-01"
    core = decode_receipt_qr(mine.own).core
    with scene.registry.store.reading() as session:
        disclosed = open_consent(scene.registry, session, mine.subject).secret
    copy = make_receipt(scene.registry, mine.subject).qr if who in ("copy", "pack") else ""
    forged = encode_receipt(
        core.statement(),
        registry=core.registry,
        notice=core.notice,
        issued_at=core.issued_at,
        signer=Sm2PrivateKey.generate(),
        host="evil.example",
    )
    texts = {
        "copy": copy,
        "pack": with_credential(copy, disclosed) if copy else "",
        "forged": with_credential(forged, credential),
        "swapped": with_credential(mine.own, others),
        "lost": mine.lost,
    }
    return texts.get(who, mine.own), mine.born


def _asked(name: str, **more: Any) -> Callable[[Scene, str], dict[str, Any]]:
    def body(scene: Scene, who: str) -> dict[str, Any]:
        mine = papers(scene, name)
        receipt, born = shown(scene, who, mine)
        named = {"withdrawal": mine.withdrawal.hex()} if "withdrawal" in more else {}
        return {"receipt": receipt, "born": born, **more, **named}

    return body


_DOCUMENTS: Final = [{"which": "identity", "content": base64.b64encode(PAPER).decode()}]

AT_THE_DESK: Final[Mapping[str, Callable[[Scene, str], dict[str, Any]]]] = {
    "POST /patient/v1/see": _asked("reads"),
    "POST /patient/v1/progress": _asked("reads"),
    "POST /patient/v1/receipt": _asked("reads", form="json"),
    "POST /patient/v1/withdraw": _asked("withdraws", guardian=False, extent=EVERYTHING),
    "POST /patient/v1/guardian": _asked("child", withdrawal="", documents=_DOCUMENTS),
    "POST /patient/v1/conclusion": _asked("concluded", withdrawal=""),
}
"""By the row of the table: the body."""


def _typed(name: str, **more: str) -> Callable[[Scene, str], bytes]:
    made = _asked(name, who="patient", **more)
    return lambda scene, who: urlencode(made(scene, who)).encode()


def _uploaded(scene: Scene, who: str) -> bytes:
    """A form with two files, as a browser sends it."""
    fields = _asked("child", withdrawal="", who="guardian")(scene, who)
    head = "Content-Disposition: form-data; name="
    texts = [f'{head}"{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    names = ("identity", "guardianship")
    texts += [f'{head}"{name}"; filename="{name}.jpg"\r\n\r\n'.encode() + PAPER for name in names]
    line = b"--limit\r\n"
    return b"".join(line + text + b"\r\n" for text in texts) + b"--limit--\r\n"


ON_THE_PAGES: Final[Mapping[str, Callable[[Scene, str], bytes]]] = {
    "POST /c/see": _typed("reads"),
    "POST /c/progress": _typed("reads"),
    "POST /c/confirm": _typed("reads", extent="everything"),
    "POST /c/withdraw": _typed("withdraws on a page", extent="everything"),
    "POST /c/guardian": _uploaded,
    "POST /c/paper": _typed("reads", paper="json"),
    "POST /c/paper (conclusion)": _typed("concluded", paper="conclusion", withdrawal=""),
}
"""By the row of the table: the form."""
