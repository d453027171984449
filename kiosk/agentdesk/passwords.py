"""
Agents' passwords: scrypt hashes as text, made once and compared slowly.

``scrypt$N$r$p$salt$hash``, the last two in base64; the parameters stand in the text so
that later ones can be dearer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from typing_extensions import override


_N, _R, _P = 2**15, 8, 1  # 32 MiB and some 80 ms on a small server
_MAX_N, _MAX_R, _MAX_P = 2**18, 16, 4
SALT_BYTES = 16
_HASH_BYTES = 32
_OVERHEAD = 1024 * 1024
MAX_PASSWORD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """What is kept of a password."""

    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def fits(self, password: str) -> bool:
        """Say whether it is this password's; slow, for a thread."""
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            return False
        made = _scrypt(password, self.salt, self.n, self.r, self.p)
        return hmac.compare_digest(made, self.digest)

    @override
    def __str__(self) -> str:
        """Return it as it stands in a file."""
        salt, digest = map(_text, (self.salt, self.digest))
        return f"scrypt${self.n}${self.r}${self.p}${salt}${digest}"


def new_hash(password: str, salt: bytes) -> PasswordHash:
    """
    Return what is to be kept of a password.

    Raises:
        ValueError: It is empty, or endless.

    """
    if not 0 < len(password.encode()) <= MAX_PASSWORD_BYTES:
        raise ValueError(f"needs a password of 1 to {MAX_PASSWORD_BYTES} bytes")
    return PasswordHash(_N, _R, _P, salt, _scrypt(password, salt, _N, _R, _P))


def read_hash(text: str) -> PasswordHash:
    """
    Read a hash as :class:`PasswordHash` writes it.

    Raises:
        ValueError: Saying what is wrong, and no part of the hash.

    """
    try:
        scheme, n, r, p, salt, digest = text.split("$")
        made = PasswordHash(int(n), int(r), int(p), _bytes(salt), _bytes(digest))
    except (ValueError, binascii.Error):
        raise ValueError("needs what `kiosk server --agent NAME` prints") from None
    if scheme != "scrypt" or not _is_sound(made):
        raise ValueError("needs a hash by scrypt, with usual parameters")
    return made


def nobodys_hash() -> PasswordHash:
    """Return one that no password fits, and that is as slow to find out."""
    return PasswordHash(_N, _R, _P, bytes(SALT_BYTES), bytes(_HASH_BYTES))


def _is_sound(made: PasswordHash) -> bool:
    is_power = made.n > 1 and made.n & (made.n - 1) == 0
    within = made.n <= _MAX_N and 0 < made.r <= _MAX_R and 0 < made.p <= _MAX_P
    return is_power and within and len(made.digest) >= _HASH_BYTES


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    most = 128 * r * (n + p + 2) + _OVERHEAD
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=most, dklen=_HASH_BYTES
    )


def _text(some: bytes) -> str:
    return base64.b64encode(some).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
