"""Pictures for tests: one colour each, in the shapes that cross the ports."""

from __future__ import annotations

from kiosk.ports import ColourMatrix, Micros, PageFrame, SoftFrame


def grey_frame(
    luma: int = 128,
    size: tuple[int, int] = (64, 48),
    *,
    padding: int = 0,
    captured_at: int = 0,
    chroma: tuple[int, int] = (128, 128),
    matrix: ColourMatrix = ColourMatrix.BT601,
    full_range: bool = False,
) -> SoftFrame:
    """Return an I420 picture of one colour, rows padded with 0xEE."""
    width, height = size
    half = (width + 1) // 2, (height + 1) // 2
    return SoftFrame(
        width,
        height,
        (
            _plane(luma, width, height, padding),
            _plane(chroma[0], *half, padding),
            _plane(chroma[1], *half, padding),
        ),
        (width + padding, half[0] + padding, half[0] + padding),
        Micros(captured_at),
        matrix,
        full_range,
    )


def plain_page(
    bgra: tuple[int, int, int, int] = (10, 20, 30, 255),
    size: tuple[int, int] = (64, 48),
) -> PageFrame:
    """Return a page of one premultiplied colour."""
    return PageFrame(*size, bytes(bgra) * (size[0] * size[1]))


def _plane(value: int, width: int, rows: int, padding: int) -> memoryview:
    return memoryview((bytes([value]) * width + b"\xee" * padding) * rows)
