"""QR codes as people really meet them: on a screen, on paper, in a photo. Seeded, so that they repeat."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Where top left, top right, bottom right and bottom left come to lie, as fractions of the picture's side."""

TILTED: Final[tuple[Corners, ...]] = (
    ((0.14, 0.10), (0.88, 0.17), (0.84, 0.90), (0.10, 0.84)),
    ((0.22, 0.12), (0.80, 0.10), (0.92, 0.88), (0.08, 0.90)),
    ((0.30, 0.06), (0.94, 0.32), (0.68, 0.95), (0.05, 0.66)),
)
"""Slightly turned; seen from below; turned by some 25 degrees."""


def opened(png: bytes) -> Image.Image:
    """A picture in shades of grey."""
    return Image.open(io.BytesIO(png)).convert("L")


def png(picture: Image.Image) -> bytes:
    """A picture as a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def on_screen(code: Image.Image, side: int = 270) -> Image.Image:
    """A screenshot in which the code, quiet zone included, is `side` pixels wide, on a light grey page."""
    page = Image.new("L", (side + 80, side + 120), 236)
    page.paste(code.resize((side, side), Image.Resampling.LANCZOS), (40, 60))
    return page


def printed_and_scanned(
    code: Image.Image, millimetres: float = 30, dpi: int = 300, seed: int = 1
) -> Image.Image:
    """Paper under a scanner: ink spreads, the page is a little askew, the sensor is noisy."""
    side = round(millimetres / 25.4 * dpi)
    page = Image.new("L", (side + 240, side + 240), 244)
    page.paste(code.resize((side, side), Image.Resampling.BILINEAR), (120, 120))
    page = page.rotate(1.7, Image.Resampling.BICUBIC, fillcolor=244)
    return _noisy(page.filter(ImageFilter.GaussianBlur(0.8)), 9, seed)


def photographed(
    code: Image.Image, corners: Corners = TILTED[0], *, side: int = 1100, quality: int = 60, seed: int = 1
) -> bytes:
    """A phone's JPEG: perspective, light from one side, a shadow, blur, sensor noise, compression."""
    width = code.width
    square = ((0, 0), (width, 0), (width, width), (0, width))
    target = tuple((x * side, y * side) for x, y in corners)
    table = Image.new("L", (side, side), 120)
    coefficients = _perspective(target, square)
    enlarged = code.transform(
        (side, side), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
    )
    mask = Image.new("L", code.size, 255).transform((side, side), Image.Transform.PERSPECTIVE, coefficients)
    table.paste(enlarged, (0, 0), mask)
    lit = _noisy(_lit(table).filter(ImageFilter.GaussianBlur(1.1)), 8, seed)
    buffer = io.BytesIO()
    lit.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _lit(picture: Image.Image) -> Image.Image:
    """Light that falls off towards the lower right, and the soft edge of a hand's shadow."""
    height, width = picture.height, picture.width
    y, x = np.mgrid[0:height, 0:width] / float(max(height, width))
    light = 1.0 - 0.45 * (0.6 * x + 0.4 * y)
    shadow = 1.0 - 0.25 / (1.0 + np.exp(-(x - y - 0.25) * 14))
    return Image.fromarray(_bytes(np.asarray(picture, dtype=np.float64) * light * shadow + 12))


def _noisy(picture: Image.Image, sigma: float, seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).normal(0, sigma, (picture.height, picture.width))
    return Image.fromarray(_bytes(np.asarray(picture, dtype=np.float64) + noise))


def _bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(values, 0, 255).astype(np.uint8)


def _perspective(
    seen: tuple[tuple[float, float], ...], flat: tuple[tuple[float, float], ...]
) -> tuple[float, ...]:
    """The eight coefficients that take a point of the picture back to the flat code, as Pillow wants them."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    right = np.array([value for point in flat for value in point], dtype=np.float64)
    return tuple(np.linalg.solve(np.array(rows, dtype=np.float64), right).tolist())
