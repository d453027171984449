"""A short name for a call, to be read from a screen and told on a telephone."""

from __future__ import annotations

from typing import Final


ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit."""
_LENGTH: Final = 6


def reference_of(chance: float) -> str:
    """
    Return a reference such as ``7K2-M4Q``.

    Args:
        chance: From 0 to 1, another one for each call: with 2**30 references two
            calls of a fleet's day hardly share one.

    """
    number = int(chance * len(ALPHABET) ** _LENGTH)
    letters = ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        letters = ALPHABET[digit] + letters
    return f"{letters[: _LENGTH // 2]}-{letters[_LENGTH // 2 :]}"
