"""The form by which an exchange asks before a trade (S20.1): what it holds, and the trade it asks about.

Documents stay here: their digests alone go to the registry.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from yinzheng.api.instants import Day, parse_instant
from yinzheng.api.org.contracts import digest_of
from yinzheng.api.web.intake import Fields
from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.terms import ACTS
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import RIGHTS
from yinzheng.verifier.formats.trade import ATTACHMENTS, SHARE

TEXTS: Final = (
    "certificate",
    "seller_name",
    "seller_code",
    "buyer_name",
    "buyer_code",
    "kind",
    "registration",
    "purpose",
    "begins",
    "ends",
    "territory",
    "may_sell",
    "limits_kept",
    "touches_secrets",
    "route",
    "fields",
    "assessment_result",
    "assessment_by",
    "assessment_at",
)
"""Fields that are written or chosen."""

FILES: Final = ATTACHMENTS
"""Documents that may be chosen, by kind; price and contract are named on their own as well."""

MOST_FIELDS: Final = len(TEXTS) + len(RIGHTS) + len(ACTS) + len(FILES) + 4
_TRUTHS: Final[Mapping[str, bool]] = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class CheckForm:
    """What was filled in, and the digests of the documents that were chosen."""

    texts: Mapping[str, str] = field(default_factory=lambda: {"kind": SHARE})
    rights: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    exclusive: bool = False
    digests: Mapping[str, DigestPair] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """A text of `TEXTS`; empty where nothing was filled in."""
        return self.texts.get(name, "")

    def trade(self) -> dict[str, JSON]:
        """The trade that it asks about. Raises `UsageFault` `instant`, `DataFault` `form-term`."""
        return {
            "certificate": self["certificate"].replace("\n", ""),
            "seller": {"name": self["seller_name"], "code": self["seller_code"]},
            "buyer": {"name": self["buyer_name"], "code": self["buyer_code"]},
            "kind": self["kind"],
            "registration": self["registration"] or None,
            "rights": [*self.rights],
            "purpose": self["purpose"] or None,
            "acts": [*self.acts] or None,
            "term": self._term(),
            "territory": [*sorted(set(self["territory"].replace(",", " ").split()))] or None,
            "exclusive": self.exclusive,
            "price": self._digest("price"),
            "contract": self._digest("contract"),
            "declarations": {
                "assessment": self._assessment(),
                "fields": [one.strip() for one in self["fields"].splitlines() if one.strip()] or None,
                "limits_kept": _TRUTHS.get(self["limits_kept"]),
                "may_sell": _TRUTHS.get(self["may_sell"]),
                "route": self["route"] or None,
                "touches_secrets": _TRUTHS.get(self["touches_secrets"]),
            },
            "attachments": [
                {"kind": kind, "digest": {**digest.to_json()}}
                for kind, digest in sorted(self.digests.items())
            ],
        }

    def _digest(self, kind: str) -> JSON:
        found = self.digests.get(kind)
        return None if found is None else {**found.to_json()}

    def _term(self) -> JSON:
        begins, ends = self["begins"], self["ends"]
        if not begins and not ends:
            return None
        if not begins or not ends:
            raise DataFault(
                "a term has a first and a last day", code="form-term", hint="Give both, or neither."
            )
        return {"begins": parse_instant(begins, Day.BEGINS), "ends": parse_instant(ends, Day.ENDS)}

    def _assessment(self) -> JSON:
        if not self["assessment_result"]:
            return None
        at = parse_instant(self["assessment_at"], Day.BEGINS)
        return {"result": self["assessment_result"], "by": self["assessment_by"], "at": at}


def read_check_form(fields: Fields) -> CheckForm:
    """Take the form from its fields; a file that was not chosen is none. Raises as `digest_of`."""
    return CheckForm(
        texts={name: _text(fields, name) for name in TEXTS},
        rights=tuple(one for one in RIGHTS if f"right.{one}" in fields),
        acts=tuple(one for one in ACTS if f"act.{one}" in fields),
        exclusive="exclusive" in fields,
        digests={
            kind: digest_of(fields[kind]) if kind == "contract" else digest_pair(fields[kind])
            for kind in FILES
            if fields.get(kind)
        },
    )


def _text(fields: Mapping[str, bytes], name: str) -> str:
    written = fields.get(name, b"").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", written).replace("\r\n", "\n").strip()
