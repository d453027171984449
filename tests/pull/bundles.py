"""Signed archives to serve."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.signed.archive import packed
from tests.signed.signer import FILES, Signer, text_of


BANK = Signer(1)


def bundle(
    files: Mapping[str, bytes] = FILES, signer: Signer = BANK, **more: object
) -> bytes:
    text = text_of(files, **more)
    return packed(text, signer.sign(text), files, 1)
