"""
userSig: a signed, expiring statement "this is user X".

The originals sign with ECDSA (TLS 1.0 signature, protocol section 5) and have
an expiry check that never fires.  Our server is both the signer and the only
verifier, so a MAC is enough: the same outer form (JSON, zlib, base64 with
``* - _`` for ``+ / =``) and the same six signed lines, HMAC-SHA-256 instead of
ECDSA, and an expiry that works.  Where Tencent's cloud verifies too, another
:class:`UserSigs` signs the same statement as the cloud wants it signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass, field
from typing import Protocol

from kiosk.room.wire_json import BadJson, dump_json, parse_json


DEFAULT_VALIDITY_S = 30 * 24 * 3600
_CLOCK_TOLERANCE_S = 90
_MAX_SIG_CHARS = 2048
_MAX_INFLATED_BYTES = 4096
_OUTWARD = str.maketrans("+/=", "*-_")
_INWARD = str.maketrans("*-_", "+/=")
_NUMBER = re.compile(r"[0-9]{1,12}")
_SIGNED_FIELDS = (
    "TLS.appid_at_3rd",
    "TLS.account_type",
    "TLS.identifier",
    "TLS.sdk_appid",
    "TLS.time",
    "TLS.expire_after",
)


class BadUserSig(ValueError):
    """A userSig that is forged, expired or for somebody else."""


class UnreadableUserSig(BadUserSig):
    """Text that is no userSig at all (originals answer code -1, not 7)."""


class UserSigs(Protocol):
    """Makes userSigs and believes its own; raises as :class:`UserSigKey` does."""

    @property
    def sdk_app_id(self) -> int:
        """The application they are for."""
        ...

    @property
    def account_type(self) -> str:
        """Its kind of accounts."""
        ...

    def sign(self, user_id: str, now_s: int) -> str:
        """Return a userSig for a user, valid from now (unix seconds)."""
        ...

    def verify(self, user_sig: str, user_id: str, now_s: float) -> None:
        """Accept a userSig of this user."""
        ...


@dataclass(frozen=True, slots=True)
class UserSigKey:
    """The server's secret with the names it signs for."""

    secret: bytes = field(repr=False)
    sdk_app_id: int
    account_type: str

    def sign(
        self, user_id: str, now_s: int, validity_s: int = DEFAULT_VALIDITY_S
    ) -> str:
        """Return a userSig for a user, valid from now (unix seconds)."""
        content = statement(
            user_id, self.sdk_app_id, self.account_type, now_s, validity_s
        )
        return pack(content, self._mac(content))

    def verify(self, user_sig: str, user_id: str, now_s: float) -> None:
        """
        Accept a userSig of this user.

        Raises:
            UnreadableUserSig: If it cannot even be unpacked.
            BadUserSig: If it is not ours, not this user's, or expired.

        """
        content = unpack(user_sig)
        mac = content.pop("TLS.sig", "")
        refuse_other_fields(content)
        if not hmac.compare_digest(self._mac(content).encode(), mac.encode()):
            raise BadUserSig("the signature is wrong")
        refuse_statement(content, user_id, self.sdk_app_id, now_s)

    def _mac(self, content: dict[str, str]) -> str:
        digest = hmac.new(self.secret, signed_text(content), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def statement(
    user_id: str,
    sdk_app_id: int,
    account_type: str,
    now_s: int,
    validity_s: int = DEFAULT_VALIDITY_S,
) -> dict[str, str]:
    """Return what a userSig states: this is the user, from now on, for so long."""
    return {
        "TLS.appid_at_3rd": str(sdk_app_id),
        "TLS.account_type": account_type,
        "TLS.identifier": user_id,
        "TLS.sdk_appid": str(sdk_app_id),
        "TLS.time": str(now_s),
        "TLS.expire_after": str(validity_s),
    }


def signed_at(user_sig: str) -> int:
    """
    Return when a userSig was made, in unix seconds; 0 if it does not say so.

    Raises:
        UnreadableUserSig: If it cannot even be unpacked.

    """
    made = unpack(user_sig).get("TLS.time", "")
    return int(made) if _NUMBER.fullmatch(made) else 0


def pack(content: dict[str, str], signature: str) -> str:
    """Return the userSig of a statement and its signature, base64."""
    packed = zlib.compress(dump_json({**content, "TLS.sig": signature}))
    return base64.b64encode(packed).decode().translate(_OUTWARD)


def refuse_other_fields(content: dict[str, str]) -> None:
    """Raise BadUserSig unless a statement has its six fields and no other."""
    if set(content) != set(_SIGNED_FIELDS):
        raise BadUserSig("fields are missing or too many")


def refuse_statement(
    content: dict[str, str], user_id: str, sdk_app_id: int, now_s: float
) -> None:
    """Raise BadUserSig unless a statement, rightly signed, is this user's and fresh."""
    if content["TLS.identifier"] != user_id:
        raise BadUserSig("it was made for another user")
    if content["TLS.sdk_appid"] != str(sdk_app_id):
        raise BadUserSig("it was made for another application")
    begin, validity = (
        int(content[name]) if _NUMBER.fullmatch(content[name]) else 0
        for name in ("TLS.time", "TLS.expire_after")
    )
    if not begin - _CLOCK_TOLERANCE_S <= now_s <= begin + validity:
        raise BadUserSig("it is expired or not yet valid")


def signed_text(content: dict[str, str]) -> bytes:
    """Return the six ``name:value`` lines that are signed, in their order."""
    lines = (f"{name}:{content[name]}\n" for name in _SIGNED_FIELDS)
    return "".join(lines).encode()


def unpack(user_sig: str) -> dict[str, str]:
    """
    Return what is inside a userSig, ours or an original's.

    Raises:
        UnreadableUserSig: If it is not base64 of zlib of a JSON object of texts.

    """
    if len(user_sig) > _MAX_SIG_CHARS:
        raise UnreadableUserSig("it is too long")
    try:
        packed = base64.b64decode(user_sig.translate(_INWARD), validate=True)
        inflater = zlib.decompressobj()
        body = inflater.decompress(packed, _MAX_INFLATED_BYTES)
        wire = parse_json(body, _MAX_INFLATED_BYTES)
    except (binascii.Error, ValueError, zlib.error) as error:
        reason = "not JSON" if isinstance(error, BadJson) else "unknown compression"
        raise UnreadableUserSig(f"it cannot be unpacked: {reason}") from None
    content = {name: value for name, value in wire.items() if isinstance(value, str)}
    if len(content) != len(wire):
        raise UnreadableUserSig("it holds something that is not text")
    return content
