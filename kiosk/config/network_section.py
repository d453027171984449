"""The kiosk's ``[network]`` section: what may leave this machine, and whom it trusts."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from kiosk.config.section import Section
from kiosk.config.values import FilePath, Password, formed
from kiosk.proxy import Proxy


_PROXY_EXAMPLE = 'e.g. "http://proxy.example.org:3128"'
_USER = re.compile(r"[!-9;-~]([ -9;-~]{0,126}[!-9;-~])?")  # a colon ends it: RFC 7617
_DIRECT = re.compile(r"\.?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?")
_PIN = re.compile(r"sha256//[A-Za-z0-9+/]{43}=")


def _pin(text: str) -> str:
    if not _PIN.fullmatch(text):
        raise ValueError(
            'needs pins such as "sha256//...=", 44 characters behind the slashes; '
            "`kiosk server --make-ca` prints its own"
        )
    return text


def _proxy(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"is no URL; {_PROXY_EXAMPLE}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "must not carry a user or password: the user is [network] proxy_user, and "
            "the password a secret, kiosk.network.proxy_password in /etc/credstore"
        )
    if parts.scheme != "http":
        raise ValueError(f"must begin with http://, as proxies do; {_PROXY_EXAMPLE}")
    is_named = bool(host) and text.isascii() and text.isprintable() and " " not in text
    if not is_named or not port or parts.path not in {"", "/"}:
        raise ValueError(f"needs a host and a port, nothing else; {_PROXY_EXAMPLE}")
    if parts.query or parts.fragment:
        raise ValueError(f"must end after the port; {_PROXY_EXAMPLE}")
    return text.rstrip("/")


def _proxy_user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise ValueError("needs 1 to 128 letters, digits and signs of ASCII, no colon")
    return text


def _direct(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        if not _DIRECT.fullmatch(text) or text.replace(".", "").isdigit():
            raise ValueError(
                "needs hosts, domains (with all below them), addresses or ranges, "
                'e.g. "branch.example.org" or "10.0.0.0/8"'
            ) from None
    return text


ProxyUrl = Annotated[
    str, Field(max_length=300), AfterValidator(_proxy), formed("http://.+:[0-9]+/?")
]
ProxyUser = Annotated[str, AfterValidator(_proxy_user), formed(_USER.pattern)]
Direct = Annotated[
    tuple[Annotated[str, AfterValidator(_direct)], ...],
    Field(strict=False, max_length=64),
]
Pins = Annotated[
    tuple[Annotated[str, AfterValidator(_pin)], ...],
    Field(strict=False, max_length=8),
]


class NetworkSection(Section):
    """
    What may leave this machine, whom it trusts, and what it shows of itself.

    Attributes:
        insecure: Whether plain http:// and rtmp:// may leave this machine; screen
            and status then say so.
        ca_file: Trust the authorities in this PEM file only.
        pins: Public keys; room server and relay must have one of them.
        certificate: PEM file for servers that ask who we are.
        key: PEM file of its private key; both or neither.
        proxy: The site's HTTP proxy, ``http://host:port``: room server, relay and
            updates are reached through it, and it looks their names up.
        proxy_user: As whom it is asked, if it wants to know.
        proxy_password: Of that user.
        no_proxy: Hosts and domains, addresses and ranges that are reached without it;
            this machine always is.

    """

    insecure: bool = False
    ca_file: FilePath | None = None
    pins: Pins = ()
    certificate: FilePath | None = None
    key: FilePath | None = None
    proxy: ProxyUrl | None = None
    proxy_user: ProxyUser | None = None
    proxy_password: Password | None = None
    no_proxy: Direct = ()

    @property
    def way(self) -> Proxy | None:
        """The proxy, as those take it who connect; None: there is none."""
        if self.proxy is None:
            return None
        parts = urlsplit(self.proxy)
        password = self.proxy_password
        return Proxy(
            parts.hostname or "",
            parts.port or 0,
            user=self.proxy_user or "",
            password=password.get_secret_value() if password else "",
            direct=self.no_proxy,
        )
