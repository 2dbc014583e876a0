"""The reviewer's checklist as a file (R19, R23): a template to fill in, and its strict reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.ledger.rules.review import Answer, CaseFacts, ItemAnswer, mandatory_items
from yinzheng.ledger.rules.review_items import CHECKLIST, ITEMS, Item
from yinzheng.ledger.rules.volume import Flag, FlagDecision, flags
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import (
    Check,
    boolean,
    constant,
    list_of,
    object_of,
    one_of,
    read_object,
    text,
)

FORMAT: Final = "yinzheng/checklist/1"
MAX_BYTES: Final = 256 * 1024

_FIELDS: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "answers": list_of(
        object_of(
            {
                "item": one_of(*Item),
                "answer": one_of(*Answer),
                "note": text(0, 2000),
                "evidence": list_of(text(1, 200), 0, 50),
            }
        ),
        0,
        len(Item),
    ),
    "flags": list_of(
        object_of(
            {
                "flag": one_of(*Flag),
                "confirmed": boolean,
                "reason": text(0, 2000),
                "assessment": text(0, 200),
            }
        ),
        0,
        len(Flag),
    ),
}


@dataclass(frozen=True, slots=True)
class Checklist:
    """A filled-in checklist."""

    answers: tuple[ItemAnswer, ...]
    decisions: tuple[FlagDecision, ...]

    def to_json(self) -> dict[str, Any]:
        """As `parse_checklist` reads it."""
        return {
            "format": FORMAT,
            "answers": [
                {"item": a.item.value, "answer": a.answer.value, "note": a.note, "evidence": list(a.evidence)}
                for a in self.answers
            ],
            "flags": [
                {
                    "flag": d.flag.value,
                    "confirmed": d.confirmed,
                    "reason": d.reason,
                    "assessment": d.assessment,
                }
                for d in self.decisions
            ],
        }


def parse_checklist(data: bytes) -> Checklist:
    """Read a checklist; `DataFault` (`json-…`, `field-…`) names the first field that is wrong."""
    fields = read_object(canonical.loads(canonical.saved(data), max_bytes=MAX_BYTES), _FIELDS, "checklist")
    return Checklist(
        answers=tuple(
            ItemAnswer(Item(a["item"]), Answer(a["answer"]), a["note"], tuple(a["evidence"]))
            for a in fields["answers"]
        ),
        decisions=tuple(
            FlagDecision(Flag(d["flag"]), d["confirmed"], d["reason"], d["assessment"])
            for d in fields["flags"]
        ),
    )


def template(facts: CaseFacts) -> dict[str, Any]:
    """A checklist for a case of these facts, nothing answered in the reviewer's stead.

    Each item comes with its question as a comment for the reviewer to replace by the note; items that do
    not apply in this case are marked so beforehand.
    """
    mandatory = mandatory_items(facts)
    return {
        "format": FORMAT,
        "answers": [
            {
                "item": item.value,
                "answer": "" if item in mandatory else Answer.NOT_APPLICABLE.value,
                "note": f"{CHECKLIST[item].label.zh} {CHECKLIST[item].label.en}",
                "evidence": [],
            }
            for item in ITEMS[facts.kind]
        ],
        "flags": [
            {
                "flag": flag.value,
                "confirmed": True,
                "reason": "",
                "assessment": min(facts.reports, default=""),
            }
            for flag in sorted(flags(facts.volume))
        ],
    }
