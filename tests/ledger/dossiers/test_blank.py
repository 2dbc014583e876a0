"""The blank application has every field and no answer; its guide says of each what it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import refused, run
from yinzheng.ledger.dossiers.application import _SCHEMA, examine
from yinzheng.ledger.dossiers.blank import BLANK, FIELDS, guide_lines
from yinzheng.ledger.dossiers.fields import ListOf, Schema


def paths(schema: Schema, at: str = "") -> Iterator[str]:
    """The fields that hold a value; of a list, those of an item."""
    inner = schema.item if isinstance(schema, ListOf) else schema
    if isinstance(inner, dict):
        for name, one in inner.items():
            yield from paths(one, f"{at}.{name}" if at else name)
    else:
        yield at


def test_the_guide_has_every_field_of_the_application_and_every_word() -> None:
    assert list(paths(dict(_SCHEMA))) == list(FIELDS)
    guide = "\n".join(guide_lines())
    for _, words in FIELDS.values():
        for word in words or ():
            assert f"  - `{word}` " in guide


def test_a_blank_application_lacks_answers_and_no_field() -> None:
    found = examine(json.dumps(dict(BLANK)).encode())
    assert found.application is None
    assert not {"field-missing", "field-unknown"} & {one.code for one in found.problems}


def filled(value: dict[str, Any]) -> dict[str, Any]:
    """What a person makes of it, with the guide's words alone."""
    party = {"name": "某医院（虚构）", "code": "12990100DEM0000492"}
    return {
        **value,
        "applicant": {**party, "contact": None},
        "asset": {
            "name": "2025年云汐市医疗行业随访数据集", "time": "2025年", "region": "云汐市", "trade": "医疗",
            "content": "随访数据", "type": "数据集",
        },
        "overview": "随访", "source": "collected", "public_data": False, "procedure": "simplified",
        "rights": ["hold"], "holders": [{**party, "rights": ["hold"]}], "class": "health",
        "level": {**value["level"], "value": 3}, "use": "研究", "sample_fields": ["年龄"], "scale": "10 条",
        "time_span": {"from": "2025-01-01", "to": "2025-12-31"}, "update_frequency": "每年", "form": "CSV",
        "volume": {"persons": 10, "sensitive_persons": 10, "nationwide": False, "kinds": []},
        "personal_information": {
            **value["personal_information"],
            "route": "deidentified", "basis": "consent", "retrospective": False,
        },
        "processing": ["sensitive"], "declarations": dict.fromkeys(value["declarations"], False),
        "validity_years": 3,
        "files": [
            {"path": f"{role}.pdf", "role": role, "title": role}
            for role in ("identity", "source", "assessment", "sample")
        ],
    }  # fmt: skip


def test_what_is_filled_in_is_an_application(tmp_path: Path) -> None:
    made = run("dossier", "new", tmp_path / "clinic", "--json").json
    application = Path(made["application"])
    assert [application] == list((tmp_path / "clinic").iterdir()), "the guide is no part of the dossier"
    assert (tmp_path / "clinic").stat().st_mode & 0o77 == 0
    assert application.stat().st_mode & 0o77 == 0
    assert "`applicant.code`" in Path(made["guide"]).read_text(encoding="utf-8")
    found = examine(json.dumps(filled(json.loads(application.read_bytes()))).encode())
    assert found.problems == ()
    again = refused("dossier", "new", tmp_path / "clinic", code="folder-exists", exit_code=2)
    assert "clinic" in again["message"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_field_is_told_in_both_languages(language: str) -> None:
    assert all(getattr(said, language) for said, _ in FIELDS.values())
