"""
What a connection that we make over TLS believes, and what is said of one that fails.

The same on every Python: 3.13 began to judge the form of certificates as well
(``VERIFY_X509_STRICT``) and refuses those that private authorities of companies have been
making for decades, without an authority key identifier for example.  Signature, name,
time and the chain to an authority are judged as ever; and which least version of TLS or
which suites a distribution compiled in decides nothing.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final


SAFE_SUITES: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Fresh keys and authenticated encryption (RFC 9325); TLS 1.3 has no other."""

_CA_FILE = "see [network] ca_file"
_ANEW = "have a certificate made anew that is fit for servers"
_CURES: Final = {
    9: "see to the clock of this machine, then to the server's certificate",
    10: "have the server's certificate renewed, and see to the clock of this machine",
    18: f"{_CA_FILE}, or have it signed by an authority",
    19: _CA_FILE,
    20: f"{_CA_FILE}; the server must send what lies between, too",
    21: f"{_CA_FILE}; the server must send what lies between, too",
    62: "use the name that the certificate is for",
    64: "use the name that the certificate is for",
}
"""By OpenSSL's X509_V_ERR numbers; of any other the certificate itself is unfit."""


def trusting(ca_file: str | Path | None = None) -> ssl.SSLContext:
    """
    Return a client's context: TLS 1.2 at least, fresh keys, names checked.

    Args:
        ca_file: The authorities, as PEM; those of this machine unless said.

    Raises:
        ssl.SSLError: The file holds no certificate.
        OSError: It cannot be read.

    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SAFE_SUITES)
    context.hostname_checks_common_name = False  # RFC 9525, 2: as no browser does
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def trouble_of(error: ssl.SSLError) -> str:
    """Return in one line why a server is not talked to over TLS, and the cure."""
    if isinstance(error, ssl.SSLCertVerificationError):
        trouble = error.verify_message.rstrip(".")
        cure = _CURES.get(error.verify_code, _ANEW) if error.verify_code else ""
        return f"its certificate is not trusted: {trouble}{cure and f'; {cure}'}"
    hung_up = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    reason = "it hung up" if hung_up else error.reason or type(error).__name__
    return (
        f"no TLS: {reason}; is that its port, and does it speak TLS 1.2 or newer, with "
        "ECDHE and AES-GCM or ChaCha20?"
    )
