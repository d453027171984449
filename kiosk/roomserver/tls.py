"""
TLS for HTTP and RTMP: one certificate, and a fresh key pair for every connection.

TLS 1.2 and 1.3 with ephemeral ECDHE and AEAD suites only (RFC 9325).  TLS 1.3 has
no other; tickets are switched off, so that no connection rests on the secrets of
an earlier one, and so is renegotiation.  Reading the files is the only I/O here.
"""

from __future__ import annotations

import ssl
from asyncio import sslproto
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kiosk.tls import SAFE_SUITES


_READ_BYTES: Final = 16 * 1024
"""What one read of a TLS connection takes: a record's worth."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """
    Where a server's certificate is.

    Attributes:
        certificate: PEM file: the certificate, then what lies between it and
            the authority.
        key: PEM file of its private key, without a passphrase.

    """

    certificate: str
    key: str


class TlsUnusable(OSError):
    """A certificate or its key cannot be served; names files, cause and cure."""


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """
    Return what the server proves itself with, and spare what it then costs.

    Raises:
        TlsUnusable: If the files cannot be read or do not belong together.

    """
    _read_little()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SAFE_SUITES)
    context.options |= (
        ssl.OP_NO_RENEGOTIATION
        | ssl.OP_NO_COMPRESSION
        | ssl.OP_NO_TICKET
        | ssl.OP_CIPHER_SERVER_PREFERENCE
    )
    context.num_tickets = 0
    names = f"certificate {files.certificate}, key {files.key}"
    try:
        # The empty passphrase: OpenSSL must never ask a terminal for one.
        context.load_cert_chain(files.certificate, files.key, password="")
    except ssl.SSLError as error:
        cause = error.reason or "NOT_PEM"
        raise TlsUnusable(
            f"[tls] not usable ({cause}): {names}; both must be PEM, belong together "
            "and have no passphrase"
        ) from None
    except OSError as error:
        # The log masks what follows "key:", so the cause stands in front.
        raise TlsUnusable(
            f"[tls] {error.strerror}: {names}; check paths and modes"
        ) from None
    return context


def _read_little() -> None:
    """Keep what asyncio reads TLS with small: it holds 256 KiB for each connection."""
    with suppress(AttributeError, TypeError):  # no part of asyncio's interface
        sslproto.SSLProtocol.max_size = _READ_BYTES
