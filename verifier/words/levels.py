"""What a data level means: nothing without its scheme, so each scheme's words for each number (R22).

A reader shows these words beside the number. Two schemes number five levels differently: level 3 of one is
not level 3 of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from yinzheng.verifier.words.phrase import Phrase

HEALTH: Final = "GB/T 39725-2020"
"""The guide to the security of health data: how far data may be seen."""

GENERAL: Final = "GB/T 43697-2024"
"""Rules for classifying and grading data by the harm that its loss would do. They tell general, important and
core data apart, and grade general data from 1 to 4 (annex H); 5 stands for important data here. Core data has
no number: that is decided apart (R23)."""

LEVELS: Final[Mapping[str, Mapping[int, Phrase]]] = MappingProxyType(
    {
        HEALTH: {
            1: Phrase("可完全公开使用", "may be used wholly in public"),
            2: Phrase("可在较大范围内访问使用", "may be used by a wide circle"),
            3: Phrase("可在中等范围内访问使用", "may be used by a middling circle"),
            4: Phrase("仅在较小范围内访问使用", "may be used by a small circle alone"),
            5: Phrase(
                "仅在极小范围内且严格限制条件下访问使用",
                "may be used by very few, under strict conditions",
            ),
        },
        GENERAL: {
            1: Phrase("一般数据1级：泄露不造成危害", "general data, grade 1: its loss does no harm"),
            2: Phrase("一般数据2级：可造成一般危害", "general data, grade 2: its loss may do some harm"),
            3: Phrase("一般数据3级：可造成严重危害", "general data, grade 3: its loss may do serious harm"),
            4: Phrase(
                "一般数据4级：可造成特别严重危害", "general data, grade 4: its loss may do very serious harm"
            ),
            5: Phrase("重要数据", "important data"),
        },
    }
)
"""By scheme, what each of its numbers says."""


def level_words(scheme: str, value: int) -> Phrase:
    """What that number of the scheme says; two empty texts for a scheme not known here."""
    return LEVELS.get(scheme, {}).get(value, Phrase("", ""))
