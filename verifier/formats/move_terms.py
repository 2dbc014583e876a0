"""What the parties of a move ask for, by its type (S10.12, R4–R7, R10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.canonical import (
    Check,
    boolean,
    integer,
    list_of,
    nullable,
    one_of,
    read_object,
)
from yinzheng.verifier.bytes.lists import some_of
from yinzheng.verifier.bytes.shape import Codec, Shaped
from yinzheng.verifier.bytes.wording import check_name, check_words
from yinzheng.verifier.chain.terms import ACTS, TERRITORY
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import CLASSES, RIGHTS, SOURCES, check_credit_code, check_plain
from yinzheng.verifier.formats.licence import check_licence_number
from yinzheng.verifier.formats.moves import CHANGE_GROUNDS

HOLDERS_GROUNDS: Final = ("asked", "data_gone")
"""On which holders cancel (R7 a, b)."""

GROUNDS: Final = (*HOLDERS_GROUNDS, "rectification_refused", "public_interest", "law")
"""On which a cancellation is asked for; on an effective document (R7 c) a forum orders it."""

MAX_HOLDERS: Final = 20


@dataclass(frozen=True, slots=True)
class LicenceTerms(Shaped):
    """What a licence covers (S5.21). `ends` is the last second; `begins` None: when it is registered."""

    rights: Annotated[tuple[str, ...], some_of(*RIGHTS)]
    acts: Annotated[tuple[str, ...], some_of(*ACTS)]
    territory: Annotated[tuple[str, ...], some_of(*TERRITORY)]
    """Province-level codes of GB/T 2260, ascending; all 34 are everywhere."""
    purposes: Annotated[str, check_words(1, 200)]
    exclusive: Annotated[bool, boolean]
    begins: Annotated[int | None, nullable(integer())]
    ends: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class LicenceEndTerms(Shaped):
    """Which licence ends before its term, and why."""

    licence: Annotated[str, check_licence_number]
    reasons: Annotated[str, check_words(1, 400)]


@dataclass(frozen=True, slots=True)
class TransferTerms(Shaped):
    """Which rights of the transferor pass (R4)."""

    rights: Annotated[tuple[str, ...], some_of(*RIGHTS)]


_CHANGES: Final[dict[str, Check[Any]]] = {
    "asset": check_plain(1, 40),
    "class": one_of(*CLASSES),
    "level": lambda value, path: read_object(
        value, {"scheme": check_plain(1, 40), "value": integer(1, 5)}, path
    ),
    "limits": check_plain(0, 400),
    "names": lambda value, path: _names(value, path),
    "scale": check_plain(1, 60),
    "source": one_of(*SOURCES),
}
"""Fields of the body (S6.1) that a change may give another value; `names` are holders' new names, by code."""


def _names(value: object, path: str) -> list[dict[str, str]]:
    given = list_of(
        lambda one, at: read_object(one, {"code": check_credit_code, "name": check_name(1, 100)}, at),
        1,
        MAX_HOLDERS,
    )(value, path)
    codes = [one["code"] for one in given]
    if codes != sorted(set(codes)):
        raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
    return given


def _changes(value: object, path: str) -> dict[str, Any]:
    found = read_object(value, {}, path, optional=_CHANGES)
    kept = {name: one for name, one in found.items() if one is not None}
    if not kept:
        raise DataFault(f"{path} changes nothing", code="field-value", path=path)
    return kept


@dataclass(frozen=True, slots=True)
class ChangeTerms(Shaped):
    """What of the certificate is to read otherwise (R6), on which ground, and what the public is told."""

    changes: Annotated[dict[str, Any], Codec(_changes, dict)]
    ground: Annotated[str, one_of(*CHANGE_GROUNDS)]
    summary: Annotated[str, check_words(1, 400)]


@dataclass(frozen=True, slots=True)
class RenewalTerms(Shaped):
    """For how many years more (R9, R10), and what the public is told."""

    years: Annotated[int, integer(1, 5)]
    summary: Annotated[str, check_words(1, 400)]


@dataclass(frozen=True, slots=True)
class CancellationTerms(Shaped):
    """On which ground holders or registry have it cancelled (R7), and what the public is told."""

    ground: Annotated[str, one_of(*GROUNDS)]
    summary: Annotated[str, check_words(1, 400)]


Terms = LicenceTerms | LicenceEndTerms | TransferTerms | ChangeTerms | RenewalTerms | CancellationTerms
TERMS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {
        "licence": LicenceTerms,
        "licence_end": LicenceEndTerms,
        "transfer": TransferTerms,
        "change": ChangeTerms,
        "renewal": RenewalTerms,
        "cancellation": CancellationTerms,
    }
)
