"""The certificate as a PDF: a page to hang on a wall, how to check it, its file attached (D6).

The page is set from `certificate.typ` (`typesetting`). Output is PDF/A-3a: archival, tagged for screen
readers, with fonts embedded as subsets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.document import labels
from yinzheng.ledger.document.fonts import require_printable
from yinzheng.ledger.document.qr import SHORT_VERSION, qr_svg, qr_symbol
from yinzheng.ledger.document.typesetting import typeset
from yinzheng.ledger.rules.profiles import GD_HEALTH, PROFILES
from yinzheng.ledger.rules.terms import Label
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.shortcode import short_text
from yinzheng.verifier.words.levels import level_words
from yinzheng.verifier.words.speaker import CONTACT

TEMPLATE: Final = Path(__file__).parent / "certificate.typ"

CODE_MILLIMETRES: Final = 46.0
"""Least side of a printed code, quiet zone included: offices scan it at 150 dpi. Who reads that,
`scripts/bench_parts/codes.py` measures."""

MODULE_MILLIMETRES: Final = 0.45
"""Least module of a certificate's code, where the code is dense."""

MAX_QR_MILLIMETRES: Final = 62.0

SHORT_MODULE_MILLIMETRES: Final = 0.5
"""A module of the short code (S6.11): of the sizes measured, the one that most readers read (`codes.py`)."""


# Leaf hash of the deposit statement (S3.3), 64 hex; origin of the log (S4.2), the statement's position in it;
# chain id, address of `RightsRegistry` (40 hex), number of the block that holds the deposit; fingerprint of
# the registry's trust policy (S8.3), and how the registry is reached (empty: not printed), when it was set.
_FACTS: Final = (
    ("leaf", "日志条目哈希", "leaf hash"),
    ("log", "日志", "log"),
    ("index", "日志序号", "index in the log"),
    ("chain", "链标识", "chain id"),
    ("contract", "登记合约", "contract"),
    ("block", "区块", "block"),
    ("policy", "信任策略指纹", "fingerprint of the policy"),
    ("contact", CONTACT.zh, CONTACT.en),
)


def render_certificate(
    body: Mapping[str, Any], qr_text: str, attachment: bytes, *, facts: Mapping[str, Any]
) -> bytes:
    """Print a certificate body (S6.1) with its QR text (S6.3); attach its file (S6.5) as `NUMBER.json`.

    `facts`: where it was deposited, of the names above; what is known is printed on the second page. The body
    is taken as already valid. Returns the bytes of the PDF. Raises DataFault `font-missing-character` if a
    text cannot be printed, `qr-…` if the code cannot be drawn, `document-failed` if setting the page failed.
    """
    pages = _set(body, qr_text, attachment, facts)
    assert isinstance(pages, bytes)
    return pages


def _set(
    body: Mapping[str, Any], qr_text: str, attachment: bytes, facts: Mapping[str, Any], **output: Any
) -> Any:
    """Check the texts, then have the pages set."""
    require_printable(_texts(body))
    require_printable(facts_texts(facts))
    return typeset(
        TEMPLATE,
        _data(body, qr_text, attachment, facts),
        what="certificate page",
        dated=body["registered_at"],
        attachment=attachment,
        **output,
    )


def facts_texts(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of what is known of the deposit, with their names."""
    return ((f"facts.{name}", str(facts[name])) for name, _, _ in _FACTS if name in facts)


def _texts(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of the body that is printed, with the name of its field."""
    for name in ("number", "profile", "asset", "limits", "scale"):
        yield name, body[name]
    for i, holder in enumerate(body["holders"]):
        yield f"holders[{i}].name", holder["name"]
        yield f"holders[{i}].code", holder["code"]
    yield "level.scheme", body["level"]["scheme"]
    yield "registry.name", body["registry"]["name"]
    yield "registry.code", body["registry"]["code"]
    yield "authority", body.get("authority", "")
    for i, remark in enumerate(body["remarks"]):
        yield f"remarks[{i}].text", remark["text"]


def _data(
    body: Mapping[str, Any], qr_text: str, attachment: bytes, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """What the template reads, words already looked up."""
    return {
        "number": body["number"],
        "demo": body["profile"].split("/")[0] == "DEMO",  # S2.5
        "profile": body["profile"],
        "type": labels.TYPES[body["type"]],
        "procedure": labels.PROCEDURES[body["procedure"]],
        "asset": body["asset"],
        "holders": body["holders"],
        "words": labels.RIGHTS,
        "limits": body["limits"],
        "class": labels.CLASSES[body["class"]],
        "level": {**body["level"], "words": level_words(body["level"]["scheme"], body["level"]["value"])},
        "importance": labels.IMPORTANCES.get(body.get("importance", "")),
        "title": _title(body["profile"]),
        "authority": body.get("authority", ""),
        "source": labels.SOURCES[body["source"]],
        "scale": body["scale"],
        "registry": body["registry"],
        "registered": (labels.date_zh(body["registered_at"]), labels.date_en(body["registered_at"])),
        "until": (labels.date_zh(body["valid_until"]), labels.date_en(body["valid_until"])),
        "notices": body.get("notices", []),
        "follows": body.get("follows", []),
        "remarks": [{"kind": labels.REMARKS[r["kind"]], "text": r["text"]} for r in body["remarks"]],
        "plans": _plans(body),
        **proved_by(body["number"], dumps(dict(body)), qr_text, attachment, facts),
    }


def code_millimetres(text: str, module: float = MODULE_MILLIMETRES) -> float:
    """The side at which that code is printed, quiet zone included, with modules of at least `module` mm."""
    return min(MAX_QR_MILLIMETRES, max(CODE_MILLIMETRES, qr_symbol(text).size * module))


def short_millimetres(text: str) -> float:
    """The side at which a short code is printed, quiet zone included."""
    return qr_symbol(text, SHORT_VERSION).size * SHORT_MODULE_MILLIMETRES


def proved_by(
    number: str,
    body: bytes,
    qr_text: str,
    attachment: bytes,
    facts: Mapping[str, Any],
    module: float = MODULE_MILLIMETRES,
) -> dict[str, Any]:
    """What a page shows of its proof: codes, digests of the canonical `body`, file, where it was recorded.

    `module` is the least of its code's modules, in millimetres.
    """
    digests, drawn, short = digest_pair(body), qr_svg(qr_text), short_text(number, qr_text)
    return {
        "qr": drawn,
        "qr_mm": code_millimetres(qr_text, module),
        "short": qr_svg(short, SHORT_VERSION),
        "short_mm": short_millimetres(short),
        "digests": [("SM3", digests.sm3.hex()), ("SHA-256", digests.sha256.hex())],
        "attachment": {"name": f"{number}.json", "sha256": hashlib.sha256(attachment).hexdigest()},
        "deposit": [(zh, en, str(facts[name])) for name, zh, en in _FACTS if facts.get(name, "") != ""],
    }


def _title(profile: str) -> Label:
    """What a certificate under that profile is called (R13)."""
    return PROFILES.get(profile, GD_HEALTH).title


def _plans(body: Mapping[str, Any]) -> list[list[str]]:
    """Which fields give way to the continuation page, from none to all; the template takes the first fit.

    `holders` leaves the first three names on the first page, `names` none. Limits and remarks stay longer
    than a long list of holders, because a reader must not overlook them (R16).
    """
    many = ["holders"] if len(body["holders"]) > 3 else []
    texts = [name for name in ("limits", "remarks") if body[name]]
    movable = [*many, *texts]
    plans = [list(some) for n in range(len(movable) + 1) for some in combinations(movable, n)]
    # Beside a large QR code, three names of a hundred characters can still overfill the page.
    return [*plans, [*movable, "scheme", "scale"], ["holders", "names", *texts, "scheme", "scale"]]
