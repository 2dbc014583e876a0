"""Checking certificates: a QR code, a whole file, and the same signature in pure Python."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from scripts.bench_parts.measure import Figure, in_turns
from scripts.bench_parts.site import Site
from yinzheng.verifier.bytes.sm2 import GmsslBackend, Sm2PublicKey, encode_der
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.report import Authentic, Outcome, Report
from yinzheng.verifier.judge.trust import parse_trust

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
            "portable": lambda: portable.verify(core.signed, core.signature),
        },
        rounds=rounds,
        repeat={"raw": 100, "qr": 100, "file": 10, "portable": 2},
    )
    floor = 1 / taken["raw"]
    share = {name: taken["raw"] / seconds for name, seconds in taken.items()}
    qr_name, file_name = "QR code offline, obligations 1–3", "certificate file offline, obligations 1–10"
    return [
        Figure(
            "checks",
            qr_name,
            1 / taken["qr"],
            "1/s",
            _FLOOR,
            floor,
            share["qr"],
            "≥ 50 %",
            share["qr"] >= 0.5,
        ),
        Figure("checks", file_name, 1 / taken["file"], "1/s", _FLOOR, floor, share["file"]),
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
