"""
What PyAV raises, gathered in one place, so that nothing odd crosses the border.

Damaged streams have been seen to raise FFmpeg's own errors, their builtin
twins and plain ValueError, IndexError or OverflowError from PyAV's glue.  Every
codec of this package turns these, and only these, into a MediaError.
"""

from __future__ import annotations

from pathlib import Path

from av.error import FFmpegError

from kiosk.errors import MediaError


AV_ERRORS: tuple[type[Exception], ...] = (
    FFmpegError,
    OSError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    TypeError,
    AttributeError,
    EOFError,
)
"""All that encode, decode and the containers may raise on bad input."""


def cause_of(error: Exception) -> str:
    """Return one line naming the cause, without paths or addresses."""
    text = getattr(error, "strerror", None) or str(error)
    return f"{type(error).__name__}: {text}".splitlines()[0][:200]


def require_file(path: str) -> None:
    """
    Keep FFmpeg from taking a mistyped path for a protocol or a device.

    Raises:
        MediaError: If ``path`` names no file.

    """
    if not Path(path).is_file():
        raise MediaError(f"{path}: No such file")
