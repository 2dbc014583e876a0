"""Setting pages with Typst: the same input gives the same bytes (D6).

Everything variable travels as JSON and is only used as strings, so no text can act as markup: no clock, no
random identifiers, no system fonts. Documents are dated with a time of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import typst

from yinzheng.ledger.document.fonts import DIRECTORY
from yinzheng.verifier.errors import DataFault

LOOK: Final = Path(__file__).parent / "look.typ"
"""What templates share."""


def typeset(
    template: Path,
    data: Mapping[str, Any],
    *,
    what: str,
    dated: int,
    attachment: bytes | None = None,
    **output: Any,
) -> Any:
    """Set a template with its data; `output` is Typst's choice of format, PDF/A-3a and
    PDF/UA-1 by default: kept for decades, and read aloud in its order.

    Raises `DataFault` `document-failed` if setting the pages of `what` failed.
    """
    sources = {"main": template.read_bytes(), "look.typ": LOOK.read_bytes()}
    if attachment is not None:
        sources["attachment"] = attachment
    try:
        # A mapping of file names is a documented input that the library's type stubs leave out.
        return typst.compile(
            sources,
            font_paths=[str(DIRECTORY)],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            timestamp=dated,
            **(output or {"pdf_standards": ["a-3a", "ua-1"]}),
        )
    except typst.TypstError as error:
        raise DataFault(
            f"the {what} could not be set", code="document-failed", reason=error.message
        ) from error
