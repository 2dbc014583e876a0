"""What patients send (S15): the receipt, the date of birth, who acts, what is withdrawn. Strictly bounded.

State goes from page to page in the forms themselves, posted: no cookie, no account, and nothing about a
person in an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from yinzheng.api.instants import birth_date
from yinzheng.api.receipt_shown import own_code, proof_copy, unreadable
from yinzheng.api.web.desk import Bearer
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.bytes.cose import MAX_QR
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.notice import MAX_RECIPIENTS, SCOPES
from yinzheng.verifier.formats.receipt import decode_receipt

MOST_FIELDS: Final = 16 + len(SCOPES) + MAX_RECIPIENTS
"""Fields of a form: each scope and each recipient has a box of its own."""

PATIENT: Final = "patient"
GUARDIAN: Final = "guardian"

_SCOPE: Final = "scope."
_RECIPIENT: Final = "recipient."
_CODE: Final = re.compile("[0-9A-Z]{18}")
_ID: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be withdrawn: everything, or scopes and recipients."""

    everything: bool = False
    scopes: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        """The extent of S10.6; a part that was ticked besides "everything" is in it."""
        if self.everything:
            return {"everything": True, "scopes": [], "recipients": []}
        return {"everything": False, "scopes": [*self.scopes], "recipients": [*self.recipients]}


@dataclass(frozen=True, slots=True)
class PatientForm:
    """A form as it came; nothing of it is in `repr`."""

    receipt: str = field(default="", repr=False)
    born: str = field(default="", repr=False)
    who: str = ""
    lang: str | None = None
    chosen: Chosen = Chosen()
    withdrawal: str = ""
    paper: str = ""
    file: bytes = field(default=b"", repr=False)
    identity: bytes = field(default=b"", repr=False)
    """A guardian's document of identity, as it was uploaded (R33)."""
    guardianship: bytes = field(default=b"", repr=False)

    @property
    def guardian(self) -> bool:
        """Whether a guardian acts."""
        return self.who == GUARDIAN

    def bearer(self) -> Bearer:
        """Who asks.

        Raises `UsageFault`: `receipt-unreadable`, `receipt-proof`, `born-malformed`, `who-missing`.
        """
        try:
            code = decode_receipt(self.receipt)
        except DataFault as fault:
            raise unreadable() from fault
        if code.credential is None:
            raise proof_copy()
        if self.who not in (PATIENT, GUARDIAN):
            raise UsageFault("it is not said who acts", code="who-missing", hint="Patient or guardian.")
        return Bearer(self.receipt, birth_date(self.born))

    def with_file(self, presented: Presented) -> PatientForm:
        """With the code that an uploaded file shows: the page of a PDF, for what is attached bears none.

        Raises `UsageFault` `receipt-unreadable`, `receipt-proof` (a receipt file, a proof copy's PDF).
        """
        return replace(self, receipt=own_code(presented), file=b"")


def read_patient_form(fields: Mapping[str, bytes]) -> PatientForm:
    """A form from its fields. Unknown fields and values are as if they were not there."""

    def said(name: str, most: int) -> str:
        return fields.get(name, b"")[: 4 * most].decode("utf-8", "replace").strip()[:most]

    withdrawal = said("withdrawal", 64)
    return PatientForm(
        receipt=said("receipt", MAX_QR + 1),
        born=said("born", 32),
        who=said("who", 16),
        lang=said("lang", 2) or None,
        chosen=Chosen(
            everything=said("extent", 16) == "everything",
            scopes=tuple(sorted(scope for scope in _ticked(fields, _SCOPE) if scope in SCOPES)),
            recipients=tuple(sorted(code for code in _ticked(fields, _RECIPIENT) if _CODE.fullmatch(code))),
        ),
        withdrawal=withdrawal if _ID.fullmatch(withdrawal) else "",
        paper=said("paper", 16),
        file=fields.get("file", b""),
        identity=fields.get("identity", b""),
        guardianship=fields.get("guardianship", b""),
    )


def _ticked(fields: Iterable[str], prefix: str) -> Iterable[str]:
    return (name.removeprefix(prefix) for name in fields if name.startswith(prefix))
