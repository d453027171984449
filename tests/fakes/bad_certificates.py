"""
Chains one should not believe, each wrong in one thing alone.

The name is right unless it is what is wrong: ``rooms.branch.example``.  What Python's
library no longer signs (SHA-1), the ``openssl`` command does.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


NAME = "rooms.branch.example"
DAY = timedelta(days=1)
NOW = (-DAY, DAY)
_OID = x509.ObjectIdentifier

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _p256() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a certificate is to say; right unless said otherwise."""

    name: str = NAME
    names: Sequence[x509.GeneralName] | None = None
    valid: tuple[timedelta, timedelta] = NOW
    is_authority: bool = False
    purpose: _OID = ExtendedKeyUsageOID.SERVER_AUTH
    only_below: str = ""
    key: Callable[[], Key] = _p256


def signed(wanted: Wanted, by: Holder | None = None) -> Holder:
    """Return a certificate that says so, signed by somebody or by itself."""
    key = wanted.key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + wanted.valid[0])
        .not_valid_after(now + wanted.valid[1])
        .add_extension(x509.BasicConstraints(wanted.is_authority, None), critical=True)
    )
    names = [x509.DNSName(NAME)] if wanted.names is None else wanted.names
    if names and not wanted.is_authority:
        san = x509.SubjectAlternativeName(names)
        usage = x509.ExtendedKeyUsage([wanted.purpose])
        builder = builder.add_extension(san, critical=False)
        builder = builder.add_extension(usage, critical=False)
    if wanted.only_below:
        permitted = [x509.DNSName(wanted.only_below)]
        limits = x509.NameConstraints(permitted, None)
        builder = builder.add_extension(limits, critical=True)
    return Holder(builder.sign(by.key if by else key, SHA256()), key)


class Chains:
    """Everything for one authority, whose file is trusted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority = signed(Wanted("authority", is_authority=True))
        self.trusted = self._file("trusted.pem", self.authority.pem)
        self.good = self._server(Wanted())
        self._good_rsa = self._server(Wanted(key=partial(_rsa, 2048)))
        self.all: dict[str, Path] = {
            "expired": self._server(Wanted(valid=(-3 * DAY, -DAY)))
        }
        self._with_wrong_names()
        self._with_wrong_makers()
        self._too_weak()

    def good_for(self, suites: str) -> Path:
        """Return a good server's file with the kind of key that suites need."""
        return self._good_rsa if suites.startswith("AES") else self.good

    def _with_wrong_names(self) -> None:
        wrong: dict[str, Sequence[x509.GeneralName]] = {
            "of another host": [x509.DNSName("desk.branch.example")],
            "with its name in the subject alone": [],
            "of any host": [x509.DNSName("*")],
            "of a wildcard for too much": [x509.DNSName("*.example")],
            "of a wildcard within a name": [x509.DNSName("ro*s.branch.example")],
            "of a name with NUL in it": [x509.DNSName(f"{NAME}\0.evil.example")],
        }
        for what, names in wrong.items():
            self.all[what] = self._server(Wanted(names=names))

    def _with_wrong_makers(self) -> None:
        other = signed(Wanted("another authority", is_authority=True))
        between = Wanted("between", is_authority=True)
        good = signed(between, self.authority)
        late = signed(
            Wanted("late", is_authority=True, valid=(-3 * DAY, -DAY)), self.authority
        )
        limited = Wanted("limited", is_authority=True, only_below="other.example")
        no_maker = signed(Wanted("no authority"), self.authority)
        bounded = signed(limited, self.authority)
        self.all |= {
            "not yet valid": self._server(Wanted(valid=(DAY, 3 * DAY))),
            "signed by itself": self._server(Wanted(), None),
            "of an authority nobody knows": self._server(Wanted(), other),
            "without what lies between": self._server(Wanted(), good),
            "of an expired one between": self._server(Wanted(), late, late),
            "of one between for other names": self._server(Wanted(), bounded, bounded),
            "of one that is no authority": self._server(Wanted(), no_maker, no_maker),
            "for clients": self._server(
                Wanted(purpose=ExtendedKeyUsageOID.CLIENT_AUTH)
            ),
        }

    def _too_weak(self) -> None:
        short = Wanted(key=partial(_rsa, 1024))
        self.all["with a key of 1024 bits"] = self._server(short)
        self.all["signed with SHA-1"] = self._sha1()

    def _server(self, wanted: Wanted, *by: Holder | None) -> Path:
        """Return a file with certificate and key, and what is sent with them."""
        maker, *sent = by or (self.authority,)
        server = signed(wanted, maker)
        between = b"".join(one.pem for one in sent if one is not None)
        return self._file(
            f"{len([*self._folder.iterdir()])}.pem",
            server.pem + between + _pem(server.key),
        )

    def _sha1(self) -> Path:
        """Return a server's file whose signature is of SHA-1; the command makes it."""
        folder = self._folder / "sha1"
        folder.mkdir()
        key, request, settings = folder / "key", folder / "request", folder / "settings"
        maker, made = folder / "maker", folder / "made"
        maker.write_bytes(self.authority.pem + _pem(self.authority.key))
        settings.write_text(f"subjectAltName=DNS:{NAME}\nextendedKeyUsage=serverAuth\n")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        for command in (
            (
                "req",
                "-new",
                *curve,
                "-subj",
                f"/CN={NAME}",
                "-keyout",
                key,
                "-out",
                request,
            ),
            (
                *(
                    "x509",
                    "-req",
                    "-sha1",
                    "-in",
                    request,
                    "-CA",
                    maker,
                    "-CAkey",
                    maker,
                ),
                *("-days", "1", "-extfile", settings, "-out", made, "-set_serial", "7"),
            ),
        ):
            subprocess.run(
                ["openssl", *map(str, command)],
                check=True,
                capture_output=True,
                timeout=20,
            )
        return self._file("sha1.pem", made.read_bytes() + key.read_bytes())

    def _file(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        return path


def _rsa(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def _pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
