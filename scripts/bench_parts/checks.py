"""Checking certificates: a QR code, a whole file, and the same signature in pure Python."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable

from scripts.bench_parts.measure import Figure, in_turns
from scripts.bench_parts.site import Site
from yinzheng.verifier.bytes.sm2 import GmsslBackend, Sm2PublicKey, encode_der
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.many import verify_many
from yinzheng.verifier.judge.report import Authentic, Outcome, Report
from yinzheng.verifier.judge.trust import parse_trust

_BOOK = 50
"""Certificates checked one after another."""
_FLOOR = "raw SM2 verification, key loaded"


def measure_checks(site: Site, rounds: int) -> list[Figure]:
    """Check the site's certificate offline, under its policy."""
    trust = parse_trust(site.trust)
    qr = str(json.loads(site.certificate)["qr"])
    core = decode_qr(qr)
    issuer = trust.issuers[core.kid].key
    portable = Sm2PublicKey(issuer.point, GmsslBackend())
    now = int(time.time())

    def check_qr() -> Report:
        return verify(read_target(qr), trust, now=now)

    def check_file() -> Report:
        return verify(read_target(site.certificate), trust, now=now)

    def check_pdf() -> Report:
        return verify(read_target(site.pdf, pages=False), trust, now=now)

    book = [read_target(site.certificate)] * _BOOK

    def check_book() -> object:
        return deque(verify_many(book, trust, now=now), maxlen=1)

    if check_file().authentic is not Authentic.GENUINE:
        raise SystemExit("bench: the certificate to be checked is not genuine")
    if any(check_qr().finding(number).outcome is not Outcome.VALID for number in (1, 2, 3)):
        raise SystemExit("bench: the code to be checked does not hold")
    raw = raw_verification(issuer.point, core.signed, core.signature)
    taken = in_turns(
        {
            "raw": raw,
            "qr": check_qr,
            "file": check_file,
            "pdf": check_pdf,
            "book": check_book,
            "portable": lambda: portable.verify(core.signed, core.signature),
        },
        rounds=rounds,
        repeat={"raw": 100, "qr": 100, "file": 10, "pdf": 10, "book": 1, "portable": 2},
    )
    floor = 1 / taken["raw"]
    share = {name: taken["raw"] / seconds for name, seconds in taken.items()}
    taken["book"] /= _BOOK
    rates = (
        ("certificate file offline, obligations 1–10", "file", None),
        (f"the same, {_BOOK} of one head and block by verify_many", "book", 1_000),
        ("PDF offline, what is attached, obligations 1–10", "pdf", 600),
    )
    return [
        Figure(
            "checks",
            "QR code offline, obligations 1–3",
            1 / taken["qr"],
            "1/s",
            _FLOOR,
            floor,
            share["qr"],
            "≥ 80 %",
            share["qr"] >= 0.8,
        ),
        *(
            Figure(
                "checks",
                name,
                1 / taken[key],
                "1/s",
                _FLOOR,
                floor,
                taken["raw"] / taken[key],
                f"≥ {goal}/s" if goal else "",
                1 / taken[key] >= goal if goal else None,
            )
            for name, key, goal in rates
        ),
        Figure(
            "checks",
            "SM2 in pure Python (gmssl)",
            1 / taken["portable"],
            "1/s",
            _FLOOR,
            floor,
            share["portable"],
        ),
    ]


def raw_verification(point: bytes, message: bytes, signature: bytes) -> Callable[[], object]:
    """The library's own verification, everything prepared that can be."""
    from tongsuopy.crypto import hashes
    from tongsuopy.crypto.asymciphers import ec

    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SM2(), point)
    scheme, der = ec.ECDSA(hashes.SM3()), encode_der(signature)
    return lambda: key.verify(der, message, scheme)
