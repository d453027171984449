"""
A certificate authority of one's own, for a branch without a public name.

The ``openssl`` command does the cryptography: Debian has it wherever there are
root certificates, and a Python library for it would be needed here alone.  The
authority's key is kept beside what it signed; whoever holds it can pose as the
room server, so it belongs on no kiosk.  Asked again, the same authority signs a
new server certificate, and no kiosk has to learn anything.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.errors import ConfigError


_AUTHORITY_DAYS = 3650
_SERVER_DAYS = 397
_DEADLINE_S = 30
_SERIAL_BYTES = 16
_DNS = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_SETTINGS = """\
[req]
prompt = no
distinguished_name = names
[names]
CN = {title}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class PrivateCa:
    """The files of an authority and of the server it vouches for."""

    folder: Path

    @property
    def authority(self) -> Path:
        """What a kiosk trusts: ``[network] ca_file``."""
        return self.folder / "ca.pem"

    @property
    def authority_key(self) -> Path:
        """What signs; secret."""
        return self.folder / "ca.key"

    @property
    def certificate(self) -> Path:
        """The server's ``[tls] certificate``."""
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        """The server's ``[tls] key``; secret."""
        return self.folder / "server.key"


def make_private_ca(folder: Path, names: Sequence[str]) -> PrivateCa:
    """
    Make a server certificate, and the authority for it unless it is there.

    Args:
        folder: Where the files go; made if absent.
        names: Host names and addresses the server is reached by.

    Raises:
        ConfigError: A name is none, or openssl is missing or refuses.
        OSError: The folder cannot be written.

    """
    ca = PrivateCa(folder)
    alternatives = ", ".join(_alternative(name) for name in names)
    folder.mkdir(parents=True, exist_ok=True)
    if ca.authority.exists() != ca.authority_key.exists():
        raise ConfigError((f"{folder}: has one of ca.pem and ca.key; both or neither",))
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as name:
        new = PrivateCa(Path(name))
        if not ca.authority.exists():
            _make_authority(new)
            _move(new.authority_key, ca.authority_key, 0o600)
            _move(new.authority, ca.authority, 0o644)
        _make_server(new, ca, alternatives)
        _move(new.key, ca.key, 0o600)
        _move(new.certificate, ca.certificate, 0o644)
    return ca


def _make_authority(new: PrivateCa) -> None:
    settings = _settings(new, "Kiosk branch authority", "DNS:unused")
    _openssl(
        *("req", "-x509", *_NEW_KEY, "-days", str(_AUTHORITY_DAYS)),
        *("-config", settings, "-extensions", "authority"),
        *("-keyout", new.authority_key, "-out", new.authority),
    )


def _make_server(new: PrivateCa, ca: PrivateCa, alternatives: str) -> None:
    settings = _settings(new, "Kiosk room server", alternatives)
    request = new.folder / "server.csr"
    _openssl(
        *("req", "-new", *_NEW_KEY, "-config", settings),
        *("-keyout", new.key, "-out", request),
    )
    _openssl(
        *("x509", "-req", "-in", request, "-CA", ca.authority),
        *("-CAkey", ca.authority_key, "-days", str(_SERVER_DAYS)),
        *("-set_serial", f"0x{secrets.token_hex(_SERIAL_BYTES)}"),
        *("-extfile", settings, "-extensions", "server", "-out", new.certificate),
    )


def _settings(new: PrivateCa, title: str, names: str) -> Path:
    path = new.folder / "openssl.cnf"
    path.write_text(_SETTINGS.format(title=title, names=names), encoding="ascii")
    return path


def _openssl(*arguments: str | Path) -> None:
    command = ["openssl", *map(str, arguments)]
    try:
        subprocess.run(  # noqa: S603 -- names were checked, no shell is involved
            command, check=True, capture_output=True, timeout=_DEADLINE_S, umask=0o077
        )
    except FileNotFoundError:
        raise ConfigError(
            ("openssl is not installed: apt-get install openssl",)
        ) from None
    except subprocess.CalledProcessError as error:
        said = bytes(error.stderr).decode("utf-8", "replace").strip().splitlines()
        cause = said[-1] if said else f"exit status {error.returncode}"
        raise ConfigError((f"openssl {command[1]} refused: {cause}",)) from None
    except subprocess.TimeoutExpired:
        raise ConfigError((f"openssl {command[1]} did not end",)) from None


def _alternative(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        pass
    if not _DNS.fullmatch(name):
        raise ConfigError(("--name needs a host name or an address",))
    return f"DNS:{name}"


def _move(source: Path, target: Path, mode: int) -> None:
    source.chmod(mode)
    source.replace(target)
