"""Finding the QR code of a certificate or receipt in a picture: a PNG, a scan of paper, a photo.

Needs the extra ``yinzheng[image]`` (Pillow, zxing-cpp), which is imported when it is first used. A picture is
hostile input: its size in pixels is read from its header and bounded before anything is decompressed.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator, Set
from typing import TYPE_CHECKING, Any, Final

from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.containers.declared import (
    MAX_PIXELS,
    MAX_WHOLE,
    check_pixels,
    too_many_pixels,
)
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.certificate import is_qr_text
from yinzheng.verifier.formats.challenge import is_challenge_text
from yinzheng.verifier.formats.receipt import is_receipt_text
from yinzheng.verifier.formats.shortcode import (
    is_any_short,
    is_short_text,
    require_agreeing,
    without_bound,
)
from yinzheng.verifier.formats.voucher import is_voucher_text

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MAX_IMAGE: Final = 25 * 1024 * 1024
"""Bytes of a picture."""

MAX_DECODED: Final = 112 * 1024 * 1024
"""Bytes that a picture may take once decoded; a page scanned in colour at 600 dots an inch takes 100 MiB. A
few hundred kilobytes of one colour can stand for a gigabyte.
"""

FILTERED_SIDE: Final = 2800
"""Pixels of the longer side where noise and shadows are filtered, which takes longest."""

WORKING_SIDE: Final = 4096
"""Pixels of the longer side first looked at: a code on a photographed page is large enough there."""


def find_qr(data: bytes) -> str:
    """The text of the one QR code of a certificate or receipt in a PNG, JPEG or WebP.

    Raises `UsageFault` `image-support` when the extra is not installed; `DataFault`: `image-too-large`,
    `image-format`, `image-malformed`, and those of `find_in`.
    """
    if len(data) > MAX_IMAGE:
        raise DataFault(
            f"the picture has {len(data) >> 20} MiB, more than {MAX_IMAGE >> 20}",
            code="image-too-large",
            hint="Take a photo of the code alone, or crop the picture.",
        )
    if not reading_installed():
        raise UsageFault(
            "reading pictures is not installed",
            code="image-support",
            hint="Install it with: pip install 'yinzheng[image]'. Or paste the text of the QR code instead.",
        )
    check_pixels(data)
    return find_in(read_codes(view) for view in _views(_open(data)))


def find_in(views: Iterable[Set[str]]) -> str:
    """The one text of ours among the texts read in each of several views; later views only if needed.

    Of a document's two codes the large one is taken: it proves itself, and is looked for in all views.

    Raises `DataFault`: `image-no-code`, `image-foreign` (codes, none of ours), `image-several`,
    and as `require_agreeing`.
    """
    foreign: set[str] = set()
    short: set[str] = set()
    for texts in views:
        ours = without_bound({text for text in texts if is_ours(text)} | short)
        if len(ours) > 1:
            require_agreeing(ours)
            raise DataFault(
                f"the picture shows the codes of {len(ours)} certificates",
                code="image-several",
                hint="Crop it to the one to be checked.",
            )
        short = set(filter(is_any_short, ours))
        if ours and not short:
            return ours.pop()
        foreign |= texts
    if short:
        return short.pop()
    if foreign:
        raise DataFault(
            f"the picture shows {counted(len(foreign), 'QR code')}, but none of a certificate: "
            + ", ".join(sorted({_kind(text) for text in foreign})),
            code="image-foreign",
            hint="Photograph the code printed on the certificate itself.",
        )
    raise DataFault(
        "no QR code can be read in the picture",
        code="image-no-code",
        hint="Take it again from straight above, in good light, the code filling half of the picture.",
    )


def is_ours(text: str) -> bool:
    """Whether a text has the form of a certificate's, receipt's or voucher's code, short or large, a
    challenge's or an answer's.
    """
    forms = (is_qr_text, is_receipt_text, is_voucher_text, is_short_text, is_challenge_text)
    return any(is_form(text) for is_form in forms)


def reading_installed() -> bool:
    """Whether the extra that reads pictures is there."""
    try:
        import PIL.Image
        import pypdfium2
        import zxingcpp
    except ImportError:
        return False
    return all((PIL.Image, pypdfium2, zxingcpp))


def read_codes(picture: Picture | Any) -> set[str]:
    """The texts of all QR codes in a picture, or in an array of grey values (height × width, 8 bits)."""
    import zxingcpp

    found: list[Any] = zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        text_mode=zxingcpp.TextMode.Plain,
    )
    return {code.text for code in found}


def _kind(text: str) -> str:
    """What a code of others is, without repeating what it says."""
    start = text[:64].lower()
    if start.startswith(("wxp://", "https://qr.alipay.com/")):
        return "a payment code"
    return "a web address" if start.startswith(("http://", "https://")) else "a text"


def _open(data: bytes) -> Picture:
    """Open a picture as grey values, its dimensions checked first and no larger than useful."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow only warns of what we refuse below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
    except (Image.DecompressionBombError, MemoryError) as error:
        raise too_many_pixels() from error
    except Exception as error:
        raise DataFault(
            "this is not a picture in PNG, JPEG or WebP",
            code="image-format",
            hint="Convert it, or take a screenshot of it.",
        ) from error
    width, height = picture.size
    if width * height > MAX_PIXELS:  # should a library read the header otherwise than we did
        raise too_many_pixels()
    # A JPEG can be decoded at half, a quarter or an eighth, never smaller than asked: less memory.
    scale = min(1.0, 2 * WORKING_SIDE / max(width, height))
    picture.draft("L", (int(width * scale), int(height * scale)))
    if picture.width * picture.height * _bytes_a_pixel(picture) > MAX_DECODED:
        raise too_many_pixels()
    try:
        return _grey(picture)
    except MemoryError as error:  # which says nothing of the picture but its size
        raise too_many_pixels() from error
    except Exception as error:
        raise DataFault("the picture is damaged", code="image-malformed", hint="Send it again.") from error


def _is_transparent(picture: Picture) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _bytes_a_pixel(picture: Picture) -> int:
    """Bytes a pixel takes while it becomes a grey value; a transparent one is spread to colours first."""
    wide = {"I": 4, "F": 4, "I;16": 2}.get(picture.mode, len(picture.getbands()))
    return 4 if _is_transparent(picture) else wide


def _grey(picture: Picture) -> Picture:
    """Grey values, on white paper where the picture is transparent."""
    from PIL import Image

    if not _is_transparent(picture):
        return picture.convert("L")
    coloured = picture if picture.mode in ("RGBA", "LA") else picture.convert("RGBA")
    paper = Image.new("L", coloured.size, 255)
    paper.paste(coloured.convert("L"), mask=coloured.getchannel("A"))
    return paper


def _views(picture: Picture) -> Iterator[Picture]:
    """Ways to look at the picture, the likeliest to succeed first; each is made when it is asked for."""
    from PIL import Image, ImageFilter, ImageOps

    side = max(picture.size)
    first = _within(picture, WORKING_SIDE)
    yield first
    filtered = _within(first, FILTERED_SIDE)
    yield ImageOps.autocontrast(filtered.filter(ImageFilter.GaussianBlur(1)), cutoff=2)
    yield _within(first, 1400)
    yield ImageOps.autocontrast(filtered.filter(ImageFilter.MedianFilter(3)), cutoff=5)
    if side <= WORKING_SIDE // 2:
        yield first.resize((first.width * 2, first.height * 2), Image.Resampling.BICUBIC)
    if side > WORKING_SIDE and picture.width * picture.height <= MAX_WHOLE:
        yield picture


def _within(picture: Picture, side: int) -> Picture:
    """The picture, scaled down so that its longer side has at most so many pixels."""
    from PIL import Image

    if max(picture.size) <= side:
        return picture
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
