"""
Whom the kiosk trusts over HTTPS and RTMPS, and what it shows of itself.

TLS 1.2 and 1.3 with ephemeral ECDHE and AEAD suites only, certificates always
verified.  A pin is the SHA-256 of the server's public key (RFC 7469, 2.4), as
curl's ``--pinnedpubkey`` writes it; it is checked as the last step of every
handshake, before anything is sent, for whoever uses the context: the room
client through memory buffers, a media link on its socket.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from kiosk.config.network_section import NetworkSection
from kiosk.config.schema import KioskConfig
from kiosk.errors import ConfigError
from kiosk.tls import trusting


log = logging.getLogger(__name__)

AUTHORITIES: Final = Path("/etc/kiosk/ca")
"""Provisioning puts there whom this program trusts, and no other on the machine."""

_HANDSHAKE = "do_handshake"  # of both kinds of connection in ssl
_PUBLIC_KEY = 5  # fields of a certificate before it, without the version
_VERSION_TAG = 0xA0
_LONG_LENGTH = 0x80


def client_context(
    network: NetworkSection, authorities: Path = AUTHORITIES
) -> ssl.SSLContext:
    """
    Return what connections to the room server and to relays are made with.

    Args:
        network: Whom the configuration trusts; its ``ca_file`` is then the only one.
        authorities: A directory of those trusted beside the system's.

    Raises:
        ConfigError: A file is absent, unreadable or not what it should be.

    """
    context = _trusting(network.ca_file)
    if network.ca_file is None:
        _trust_also(context, authorities)
    if network.certificate and network.key:
        _show_ourselves(context, network.certificate, network.key)
    if network.pins:
        _pin(context, network.pins)
    return context


def usable(
    config: KioskConfig, problem: ConfigError | None
) -> tuple[KioskConfig, ConfigError | None]:
    """
    Return a configuration whose trust can be loaded, and what is wrong.

    A kiosk with a broken certificate file calls nobody, and says why on its
    screen, like one with any other mistake in its configuration.
    """
    try:
        client_context(config.network)
    except ConfigError as exc:
        log.error("trust not usable", extra={"code": exc.code, "reason": str(exc)})  # noqa: TRY400 -- the reason is the whole story
        harmless = NetworkSection(insecure=config.network.insecure)
        return config.model_copy(update={"network": harmless}), problem or exc
    return config, problem


def pin_of(certificate: bytes) -> str:
    """
    Return the pin of a certificate's public key.

    Args:
        certificate: In DER.

    """
    digest = hashlib.sha256(_public_key(certificate)).digest()
    return "sha256//" + base64.b64encode(digest).decode("ascii")


def pin_of_file(certificate: Path) -> str:
    """Return the pin of a file with one certificate in PEM."""
    return pin_of(ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii")))


class NotPinned(ssl.SSLCertVerificationError):
    """A certificate that is in order, but whose key is none of the pins."""

    def __init__(self, found: str) -> None:
        message = f"its public key is {found}, which is none of [network] pins"
        super().__init__(message)
        self.verify_code = 0  # OpenSSL's X509_V_OK: the certificate is in order
        self.verify_message = message


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    try:
        return trusting(ca_file)
    except ssl.SSLError:
        raise ConfigError(
            (f"[network] ca_file {ca_file}: holds no certificate in PEM",)
        ) from None
    except OSError as error:
        raise ConfigError(
            (f"[network] ca_file {ca_file}: {error.strerror}; check path and mode",)
        ) from None


def _trust_also(context: ssl.SSLContext, authorities: Path) -> None:
    for path in sorted(authorities.glob("*.pem")):
        try:
            context.load_verify_locations(path)
        except ssl.SSLError:
            cure = "holds no certificate in PEM; remove it"
            raise ConfigError((f"{path}: {cure}",)) from None
        except OSError as error:
            raise ConfigError((f"{path}: {error.strerror}; check its mode",)) from None


def _show_ourselves(context: ssl.SSLContext, certificate: str, key: str) -> None:
    names = f"[network] certificate {certificate}, key {key}"
    try:
        # The empty passphrase: OpenSSL must never ask a terminal for one.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        cause = error.reason or "NOT_PEM"
        text = f"{names}: not usable ({cause}); both must be PEM, belong together"
        raise ConfigError((f"{text} and have no passphrase",)) from None
    except OSError as error:
        raise ConfigError(
            (f"{names}: {error.strerror}; check paths and modes",)
        ) from None


def _pin(context: ssl.SSLContext, pins: Sequence[str]) -> None:
    """Have every connection of a context end its handshake with a look at the key."""

    def shaking(hands: Callable[..., None]) -> Callable[..., None]:
        def shake(connection: ssl.SSLSocket | ssl.SSLObject, *blocking: bool) -> None:
            hands(connection, *blocking)
            found = pin_of(connection.getpeercert(binary_form=True) or b"")
            if found not in pins:
                raise NotPinned(found)

        return shake

    def pinned(kind: type) -> Any:
        return type(
            kind.__name__, (kind,), {_HANDSHAKE: shaking(getattr(kind, _HANDSHAKE))}
        )

    context.sslsocket_class = pinned(ssl.SSLSocket)
    context.sslobject_class = pinned(ssl.SSLObject)


def _public_key(certificate: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo (RFC 5280, 4.1), with its own header."""
    _, fields, _ = _element(certificate, 0)  # Certificate
    _, at, _ = _element(certificate, fields)  # TBSCertificate
    tag, _, end = _element(certificate, at)
    if tag == _VERSION_TAG:
        at = end
    for _ in range(_PUBLIC_KEY):
        _, _, at = _element(certificate, at)
    _, _, end = _element(certificate, at)
    return certificate[at:end]


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Return the tag of a DER element, and where its content begins and ends."""
    tag, length, begin = der[at], der[at + 1], at + 2
    if length & _LONG_LENGTH:
        width = length & ~_LONG_LENGTH
        length = int.from_bytes(der[begin : begin + width], "big")
        begin += width
    return tag, begin, begin + length
