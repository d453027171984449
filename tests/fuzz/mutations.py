"""
Bytes made worse, always in the same way for the same random numbers.

What breaks parsers and decoders in practice: single bits, lengths and counts at
their borders, pieces that are missing, doubled, or of somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random


_BORDERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_WIDTHS = (1, 2, 3, 4)
_LONGEST = 64

Mutation = Callable[[bytearray, bytes, Random], None]


def mutated(
    whole: bytes,
    other: bytes,
    random: Random,
    *,
    spare: int = 0,
    words: Sequence[bytes] = (),
) -> bytes:
    """
    Return ``whole`` with one to four things wrong behind its first bytes.

    Args:
        other: Where foreign pieces come from.
        spare: So many bytes in front stay as they are.
        words: Half of what goes wrong is one of these where it does not belong.

    """
    worse = bytearray(whole[spare:])
    for _ in range(random.choice((1, 1, 1, 2, 2, 4))):
        if words and random.getrandbits(1):
            _put_in_a_word(worse, random.choice(words), random)
        else:
            random.choice(_MUTATIONS)(worse, other, random)
    return whole[:spare] + bytes(worse)


def _put_in_a_word(worse: bytearray, word: bytes, random: Random) -> None:
    at = random.randrange(len(worse) + 1)
    worse[at : at + random.choice((0, 0, 1, len(word)))] = word


def _flip_a_bit(worse: bytearray, other: bytes, random: Random) -> None:
    if worse:
        worse[random.randrange(len(worse))] ^= 1 << random.randrange(8)


def _change_a_byte(worse: bytearray, other: bytes, random: Random) -> None:
    if worse:
        worse[random.randrange(len(worse))] = random.randrange(256)


def _set_to_a_border(worse: bytearray, other: bytes, random: Random) -> None:
    width = random.choice(_WIDTHS)
    value = random.choice(_BORDERS) & (1 << 8 * width) - 1
    at = random.randrange(max(1, len(worse)))
    worse[at : at + width] = value.to_bytes(width, "big")


def _cut_off(worse: bytearray, other: bytes, random: Random) -> None:
    del worse[random.randrange(len(worse) + 1) :]


def _leave_out(worse: bytearray, other: bytes, random: Random) -> None:
    at = random.randrange(len(worse) + 1)
    del worse[at : at + random.randrange(1, _LONGEST)]


def _repeat(worse: bytearray, other: bytes, random: Random) -> None:
    at = random.randrange(len(worse) + 1)
    worse[at:at] = worse[at : at + random.randrange(1, _LONGEST)]


def _put_in_rubbish(worse: bytearray, other: bytes, random: Random) -> None:
    at = random.randrange(len(worse) + 1)
    worse[at:at] = random.randbytes(random.randrange(1, _LONGEST))


def _put_in_one_value(worse: bytearray, other: bytes, random: Random) -> None:
    at = random.randrange(len(worse) + 1)
    length = random.randrange(1, _LONGEST)
    worse[at : at + length] = bytes([random.choice((0, 0xFF))]) * length


def _continue_as_another(worse: bytearray, other: bytes, random: Random) -> None:
    worse[random.randrange(len(worse) + 1) :] = other[
        random.randrange(len(other) + 1) :
    ]


_MUTATIONS: tuple[Mutation, ...] = (
    _flip_a_bit,
    _flip_a_bit,
    _change_a_byte,
    _set_to_a_border,
    _set_to_a_border,
    _cut_off,
    _leave_out,
    _repeat,
    _put_in_rubbish,
    _put_in_one_value,
    _continue_as_another,
)
