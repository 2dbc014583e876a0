"""Codes on paper and screens: what a command shows to be scanned, and what it is shown (S21.1).

Needs the extra ``yinzheng[image]`` to draw or to read a picture, and only for that: texts go without.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from yinzheng.api.cli.files import write_new
from yinzheng.api.cli.output import out
from yinzheng.verifier.errors import DataFault, UsageFault

CodeFile = Annotated[
    Path | None,
    typer.Option("--code", help="Write the QR code to this new file, .svg or .png. 二维码另存为图片。"),
]

MAX_GIVEN: Final = 25 * 1024 * 1024


def read_given(given: str) -> str | bytes:
    """A text as it is, or what a file holds: a picture's code, or the file's own bytes.

    Raises `UsageFault` `file-missing`; `DataFault` as `read_target`, for a picture without such a code.
    """
    if given.lstrip()[:1] == "{" or given.strip().upper().startswith("YINZHENG:"):
        return given
    path = Path(given)
    if not path.is_file():
        raise UsageFault(
            f"there is no file {given}",
            code="file-missing",
            hint="Give a file, a picture of the code, or the code's text, which begins with YINZHENG:.",
        )
    if path.stat().st_size > MAX_GIVEN:
        raise DataFault("the file is larger than 25 MiB", code="target-too-large")
    data = path.read_bytes()
    from yinzheng.api.extraction import extract
    from yinzheng.verifier.containers.target import needs_taking_apart

    if not needs_taking_apart(data):
        return data
    return extract(data, name=path.name).qr or ""


def write_code(text: str, file: Path) -> None:
    """Draw a text as a QR code. Raises `UsageFault`: `image-support`, `code-file`, `file-exists`."""
    if file.suffix not in (".svg", ".png"):
        raise UsageFault("a code is written as .svg or .png", code="code-file", hint="Name the file so.")
    drawn = _drawn(text)
    if file.suffix == ".svg":
        data = drawn.to_svg(scale=8).encode()
    else:
        import io

        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(_array(drawn, 8)).save(buffer, "PNG")
        data = buffer.getvalue()
    write_new(file, data)


def show_code(text: str) -> None:
    """Print a text, and its code to be scanned from the screen where codes can be drawn."""
    try:
        rows = _array(_drawn(text), 1)
    except UsageFault:
        rows = None
    if rows is not None:
        for line in _lines(rows):
            out.print(line, markup=False, style="black on white")
    out.print(text, markup=False)


def _drawn(text: str) -> Any:
    try:
        import zxingcpp
    except ImportError:
        raise UsageFault(
            "drawing codes is not installed",
            code="image-support",
            hint="Install it with: pip install 'yinzheng[image]'. Or hand over the text instead.",
        ) from None
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")


def _array(drawn: Any, scale: int) -> Any:
    """Grey values, height by width, quiet zone included."""
    import numpy

    return numpy.asarray(drawn.to_image(scale=scale))


def _lines(rows: Any) -> Iterator[str]:
    """Two rows of modules a line, by half blocks."""
    dark = [[value < 128 for value in row] for row in rows.tolist()]
    if len(dark) % 2:
        dark.append([False] * len(dark[0]))
    for upper, lower in zip(dark[::2], dark[1::2], strict=True):
        yield "".join(" ▄▀█"[below + 2 * above] for above, below in zip(upper, lower, strict=True))
