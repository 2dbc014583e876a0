"""What anyone asks, in no name: of the desk on this machine, and of the pages from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from tests.tables.asking import FROM_PAGES, JSON_MEDIA
from tests.tables.scene import Scene
from tests.verifier.holder_world import answered, challenge
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.log.statement import certificate_subject

FORM: Final = "application/x-www-form-urlencoded"
UPLOAD: Final = "multipart/form-data; boundary=limit"
SECRET, OTHER, NONE = "0f" * 16, "1f" * 16, "5a" * 32


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def _json(path: str, value: Any) -> Asked:
    return Asked(path, dumps(value), {"Content-Type": JSON_MEDIA})


def _form(path: str, **fields: str) -> Asked:
    return Asked(path, urlencode(fields).encode(), {"Content-Type": FORM})


def objection(scene: Scene, secret: str, notice: str = "") -> dict[str, Any]:
    return {
        "notice": notice or scene.notice,
        "secret": secret,
        "objector": "某研究院",
        "contact": "",
        "reasons": "协议已终止。",
        "files": [{"name": "信.txt", "content": base64.b64encode("信".encode()).decode()}],
    }


def raised(scene: Scene) -> str:
    """The number of the objection that was raised under `SECRET`."""
    asked = _json("/public/v1/object", objection(scene, SECRET))
    headers = {**asked.headers, **FROM_PAGES}
    number: str = scene.ask(scene.desk, "POST", asked.path, asked.body, headers).json["number"]
    return number


def _typed(scene: Scene, **headers: str) -> Asked:
    """The form on a notice with a file, as a browser sends it."""
    fields = {**objection(scene, OTHER), "files": "", "notice": ""}
    head = "Content-Disposition: form-data; name="
    texts = [f'{head}"{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    texts.append(f'{head}"file1"; filename="信.txt"\r\n\r\n信'.encode())
    body = b"".join(b"--limit\r\n" + text + b"\r\n" for text in texts) + b"--limit--\r\n"
    return Asked(f"/publicity/{scene.notice}", body, {"Content-Type": UPLOAD, **headers})


def _follow(scene: Scene, secret: str, number: str = "") -> Asked:
    return _json("/public/v1/follow", {"number": number or raised(scene), "secret": secret})


def _code(scene: Scene, letter: str) -> Asked:
    text = scene.certificate.qr or ""
    return Asked(f"/{letter}/{text.partition('/V/')[2]}")


def _answered(scene: Scene) -> Asked:
    """An answer by nobody who is enrolled: it is told what that is."""
    asked = challenge(certificate=scene.certificate.number)
    given = {"certificate": scene.certificate.qr, "challenge": asked.text, "answer": answered(asked).text}
    return _json("/v1/challenges/answers", given)


def _of(scene: Scene, path: str) -> Asked:
    return Asked(path.format(scene.certificate.number))


ABSENT: Final = "SJ4412026019999"

Row = Callable[[Scene], Asked]

AT_THE_DESK: Final[Mapping[str, Row]] = {
    "POST /public/v1/object (through the form on a notice)": lambda s: _json(
        "/public/v1/object", objection(s, SECRET)
    ),
    "POST /public/v1/object (of no notice)": lambda s: _json("/public/v1/object", objection(s, OTHER, NONE)),
    "POST /public/v1/follow (with the form's secret)": lambda s: _follow(s, SECRET),
    "POST /public/v1/follow (with another secret)": lambda s: _follow(s, OTHER),
    "POST /public/v1/follow (of no objection)": lambda s: _follow(s, SECRET, "0" * 12),
    "GET /healthz": lambda _: Asked("/healthz"),
    "GET /openapi.json": lambda _: Asked("/openapi.json"),
    "GET /schemas/{name}": lambda _: Asked("/schemas/consent.json"),
    "GET /schemas/{name} (of none)": lambda _: Asked("/schemas/nothing.json"),
}

ON_THE_PAGES: Final[Mapping[str, Row]] = {
    **{
        f"GET {path}": lambda _, path=path: Asked(path)  # type: ignore[misc]
        for path in (
            "/", "/verify", "/publicity", "/objection", "/c", "/C", "/c/see", "/c/progress", "/c/confirm",
            "/c/withdraw", "/c/guardian", "/c/paper", "/court", "/healthz", "/metrics", "/favicon.ico",
            "/v1/openapi.json", "/v1/publicity", "/challenge", "/supervision", "/v1/supervision",
        )
    },
    "POST /verify": lambda s: _form("/verify", text=s.certificate.qr or ""),
    "POST /c": lambda _: _form("/c", receipt="HTTPS://HOST/C#A.B", born="1980-02-29", lang="en"),
    "POST /v1/verify": lambda s: _json("/v1/verify", {"text": s.certificate.qr}),
    "POST /v1/verify (a number alone)": lambda s: _json("/v1/verify", {"text": s.certificate.number}),
    "POST /challenge": lambda s: _form("/challenge", text=s.certificate.qr or ""),
    "POST /v1/challenges": lambda s: _json("/v1/challenges", {"certificate": s.certificate.qr}),
    "POST /v1/challenges/answers": _answered,
    "GET /v1/holders/{code} (of none)": lambda _: Asked("/v1/holders/91350100M000100Y43"),
    "GET /v1/certificates/{number}": lambda s: Asked(f"/v1/certificates/{s.certificate.number}"),
    "GET /v1/certificates/{number} (of none)": lambda _: Asked("/v1/certificates/SJ4412026019999"),
    "GET /v1/certificates/{number}/history": lambda s: _of(s, "/v1/certificates/{}/history"),
    "GET /v1/certificates/{number}/history (of none)": lambda _: Asked(f"/v1/certificates/{ABSENT}/history"),
    "GET /v1/certificates/{number}/as-of": lambda s: _of(s, "/v1/certificates/{}/as-of?at=1700000000"),
    "GET /v1/certificates/{number}/as-of (of none)": lambda _: Asked(
        f"/v1/certificates/{ABSENT}/as-of?at=1700000000"
    ),
    "GET /v1/certificates/{number}/as-of (of a time to come)": lambda s: _of(
        s, "/v1/certificates/{}/as-of?at=2090-01-01"
    ),
    "GET /v1/evidence/{subject}": lambda s: Asked(
        f"/v1/evidence/{certificate_subject(s.certificate.number).hex()}?size={s.registry.log.size}"
    ),
    "GET /v1/evidence/{subject} (of none)": lambda _: Asked(f"/v1/evidence/{NONE}"),
    "GET /v1/evidence/{subject} (no subject)": lambda _: Asked(f"/v1/evidence/{ABSENT}"),
    "GET /register": lambda s: _of(s, "/register?q={}"),
    "GET /v1/register": lambda s: _of(s, "/v1/register?q={}"),
    "GET /v1/register (too short)": lambda _: Asked("/v1/register?q=ab"),
    "GET /rights/{number}": lambda s: _of(s, "/rights/{}"),
    "GET /rights/{number} (of none)": lambda _: Asked(f"/rights/{ABSENT}"),
    "GET /rights/{number}/at": lambda s: _of(s, "/rights/{}/at?at=1700000000"),
    "GET /rights/{number}/at (of no time)": lambda s: _of(s, "/rights/{}/at"),
    "GET /V/{core:path}": lambda s: _code(s, "V"),
    "GET /v/{core:path}": lambda s: _code(s, "v"),
    "GET /L/{core:path}": lambda _: Asked("/L/NOLICENCEWASGIVENYET"),
    "GET /l/{core:path}": lambda _: Asked("/l/nolicencewasgivenyet"),
    "GET /publicity/{leaf}": lambda s: Asked(f"/publicity/{s.notice}"),
    "GET /publicity/{leaf} (of none)": lambda _: Asked(f"/publicity/{NONE}"),
    "POST /publicity/{leaf}": _typed,
    "POST /publicity/{leaf} (a form that another site sends)": lambda s: _typed(
        s, **{"Sec-Fetch-Site": "cross-site"}
    ),
    "POST /objection": lambda s: _form("/objection", number=raised(s), secret=SECRET),
    "POST /objection (with another secret)": lambda s: _form("/objection", number=raised(s), secret=OTHER),
    "POST /court (no pack)": lambda _: _form("/court", lang="en"),
    "GET /log/{path:path} (the checkpoint)": lambda _: Asked("/log/checkpoint"),
    "GET /log/{path:path} (a tile)": lambda s: Asked(f"/log/tile/0/000.p/{s.registry.log.size}"),
    "GET /log/{path:path} (anything else)": lambda _: Asked("/log/%2e%2e/instance.json"),
    "GET /schemas/{name}": lambda _: Asked("/schemas/consent.json"),
    "GET /static/{name}": lambda _: Asked("/static/style.css"),
    "GET /static/{name} (of none)": lambda _: Asked("/static/secret.css"),
}  # fmt: skip

NOBODYS: Final = "0x" + "f" * 32
"""The name of no filter: whoever made one alone knows its name."""
CALLS: Final[Mapping[str, Callable[[Any], list[Any]]]] = {
    "debug_getRawHeader": lambda _: ["latest"],
    "eth_call": lambda c: [{"to": c.zero, "data": "0x"}, "latest"],
    "eth_estimateGas": lambda c: [{"to": c.zero, "data": "0x"}],
    "eth_feeHistory": lambda _: ["0x1", "latest"],
    "eth_getBalance": lambda c: [c.zero, "latest"],
    "eth_getBlockByHash": lambda c: [c.block, False],
    "eth_getBlockByNumber": lambda _: ["latest", False],
    "eth_getBlockReceipts": lambda _: ["latest"],
    "eth_getBlockTransactionCountByHash": lambda c: [c.block],
    "eth_getBlockTransactionCountByNumber": lambda _: ["latest"],
    "eth_getCode": lambda c: [c.zero, "latest"],
    "eth_getFilterChanges": lambda _: [NOBODYS],
    "eth_getFilterLogs": lambda _: [NOBODYS],
    "eth_getLogs": lambda _: [{"fromBlock": "latest", "toBlock": "latest"}],
    "eth_getProof": lambda c: [c.zero, [], "latest"],
    "eth_getStorageAt": lambda c: [c.zero, "0x0", "latest"],
    "eth_getTransactionByBlockHashAndIndex": lambda c: [c.block, "0x0"],
    "eth_getTransactionByBlockNumberAndIndex": lambda _: ["latest", "0x0"],
    "eth_getTransactionByHash": lambda c: [c.block],
    "eth_getTransactionCount": lambda c: [c.zero, "latest"],
    "eth_getTransactionReceipt": lambda c: [c.block],
    "eth_newFilter": lambda _: [{}],
    "eth_sendRawTransaction": lambda c: [c.unfunded],
    "eth_uninstallFilter": lambda _: [NOBODYS],
}
"""What the methods of the node are asked that take something."""
