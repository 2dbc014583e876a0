"""An objection through the form on a notice (R24): its material is kept, and who raised it can follow it."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.cases import protests
from yinzheng.ledger.cases.dossier_opening import open_dossier_to
from yinzheng.ledger.cases.objections import follow, object_to, resolve
from yinzheng.ledger.cases.protests import Material, Protest
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import silent
from yinzheng.ledger.store.models import Objection
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError

LETTER = b"the agreement of 2021 had ended\n" * 9


def protest(**changes: object) -> Protest:
    plain = {
        "objector": "某研究院",
        "reasons": "来源协议已于2021年终止。",
        "material": [Material("信.pdf", lambda: [LETTER]), Material("信" * 190 + ".pdf", lambda: [b"%PDF-"])],
        "contact": "020-8888 0000",
    }
    return Protest(**{**plain, **changes})  # type: ignore[arg-type]


def test_from_the_form_to_the_conclusion(world: World, tmp_path: Path) -> None:
    secret = secrets.token_bytes(16)
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        raised = object_to(registry, case, protest(), secret=secret)
        assert object_to(registry, case, protest(), secret=secret) == raised  # sent twice
        other = [Material("信.pdf", lambda: [LETTER])]
        for changes in ({"reasons": "另有理由。"}, {"contact": ""}, {"material": other}):
            with pytest.raises(UsageFault) as caught:  # and not told that this was received
                object_to(registry, case, protest(**changes), secret=secret)
            assert caught.value.code == "objection-other"
        settle(registry)
        standing = follow(registry, raised.number, secret)
        assert standing.case == case
        assert standing.raised_at == raised.at
        assert standing.concluded_at is None
        assert standing.reasons == ""
        resolve(registry, case, raised.number, actor_of(registry, OFFICER), upheld=False, reasons="不成立。")
        settle(registry)
        standing = follow(registry, raised.number, secret)
        assert (standing.upheld, standing.reasons, standing.due) == (False, "不成立。", None)
        with registry.store.reading() as session:
            assert secret not in session.exec(select(Objection)).one().sealed
        written = open_dossier_to(
            registry, case, tmp_path / "opened", silent, w.actor_of(registry, w.OFFICER)
        )
    home = tmp_path / "opened" / "objection-1"
    assert (home / "1-信.pdf").read_bytes() == LETTER
    (long,) = home.glob("2-*.pdf")  # 574 bytes, as no file system takes them
    assert long in written
    assert json.loads((home / "objection.json").read_text())["contact"] == "020-8888 0000"
    assert world.audit() == []


def test_a_stranger_learns_nothing(world: World, tmp_path: Path) -> None:
    """Unknown number, wrong secret, another's secret, none: one answer."""
    first, second = secrets.token_bytes(16), secrets.token_bytes(16)
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        raised = object_to(registry, case, protest(), secret=first)
        object_to(registry, case, protest(), secret=second)
        w.object_to(registry, case, "异议人", "存疑", [registry.paths.instance])  # at the counter
        told = set()
        for number, secret in (
            ("0" * 12, first),
            (raised.number, bytes(16)),
            (raised.number, second),
            (raised.number, b""),
            (raised.name, first),
            ("证", first),
        ):
            with pytest.raises(UsageFault) as refused:
                follow(registry, number, secret)
            told.add((refused.value.code, refused.value.message, refused.value.hint))
    assert len(told) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"material": []}, "objection-empty"),
        ({"reasons": " "}, "objection-empty"),
        ({"reasons": "长" * 4001}, "text-too-long"),
        ({"objector": ""}, "text-missing"),
        ({"contact": "a\nb"}, "field-value"),
        ({"material": [Material("../x", lambda: [b"x"])]}, "material-name"),
        ({"material": [Material("a\x00b", lambda: [b"x"])]}, "field-value"),
        ({"material": [Material("x", lambda: [b"x"])] * 21}, "objection-material"),
    ],
)
def test_what_is_no_objection(world: World, tmp_path: Path, changes: dict[str, object], code: str) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        with w.unchanged(registry), pytest.raises(YinzhengError) as refused:
            object_to(registry, case, protest(**changes), secret=bytes(16))
    assert refused.value.code == code


def test_material_that_cannot_be_read_leaves_nothing(world: World, tmp_path: Path) -> None:
    def broken() -> list[bytes]:
        raise DataFault("the upload broke off", code="gone")

    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        material = [Material("a", lambda: [b"a"]), Material("b", broken)]
        with w.unchanged(registry), pytest.raises(DataFault):
            object_to(registry, case, protest(material=material))


def test_the_form_takes_so_many(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protests, "MAX_OPEN", 1)
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        object_to(registry, case, protest(), secret=b"a" * 16)
        with w.unchanged(registry), pytest.raises(UsageFault) as refused:
            object_to(registry, case, protest(), secret=b"b" * 16)
        assert refused.value.code == "objections-many"
        object_to(registry, case, protest())  # the counter takes it
