"""
userSigs that Tencent's cloud believes: ECDSA or RSA over the same statement.

The account's private key signs (protocol section 5, TLS 1.0 signature with
SHA-256); its public half verifies, so that one userSig serves the room service
and the cloud.  Imported where it is used: ``cryptography`` takes its time.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kiosk.room.usersig import (
    DEFAULT_VALIDITY_S,
    BadUserSig,
    pack,
    refuse_other_fields,
    refuse_statement,
    signed_text,
    statement,
    unpack,
)


PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class CloudUserSigs:
    """The key pair of an account at the cloud, with the names it signs for."""

    private_key: PrivateKey = field(repr=False)
    public_key: PublicKey = field(repr=False)
    sdk_app_id: int
    account_type: str

    @classmethod
    def from_pem(cls, pem: bytes, sdk_app_id: int, account_type: str) -> CloudUserSigs:
        """
        Read the account's private key.

        Raises:
            ValueError: If it is no unencrypted PEM of an EC or RSA private key.

        """
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise ValueError(
                "is no unencrypted PEM of a private key: take the file that the "
                "cloud's console offers"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise ValueError(  # noqa: TRY004 -- a mistake in a file, as above
                "holds neither an EC nor an RSA key"
            )
        return cls(key, key.public_key(), sdk_app_id, account_type)

    def sign(
        self, user_id: str, now_s: int, validity_s: int = DEFAULT_VALIDITY_S
    ) -> str:
        """Return a userSig for a user, valid from now (unix seconds)."""
        content = statement(
            user_id, self.sdk_app_id, self.account_type, now_s, validity_s
        )
        signature = _sign(self.private_key, signed_text(content))
        return pack(content, base64.b64encode(signature).decode())

    def verify(self, user_sig: str, user_id: str, now_s: float) -> None:
        """
        Accept a userSig of this user.

        Raises:
            UnreadableUserSig: If it cannot even be unpacked.
            BadUserSig: If it is not the account's, not this user's, or expired.

        """
        content = unpack(user_sig)
        encoded = content.pop("TLS.sig", "")
        refuse_other_fields(content)
        try:
            signature = base64.b64decode(encoded, validate=True)
            _verify(self.public_key, signature, signed_text(content))
        except (binascii.Error, InvalidSignature):
            raise BadUserSig("the signature is wrong") from None
        refuse_statement(content, user_id, self.sdk_app_id, now_s)


def _sign(key: PrivateKey, text: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(text, padding.PKCS1v15(), SHA256())
    return key.sign(text, ec.ECDSA(SHA256()))


def _verify(key: PublicKey, signature: bytes, text: bytes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, text, padding.PKCS1v15(), SHA256())
    else:
        key.verify(signature, text, ec.ECDSA(SHA256()))
