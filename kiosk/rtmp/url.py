"""
RTMP stream URLs, taken apart the way FFmpeg does.

``rtmp://host[:port]/app[/instance]/name[?key=value]``.  The query (nginx-rtmp
arguments, Tencent's txSecret and txTime) belongs to the stream name on the
wire and is secret: :attr:`RtmpUrl.redacted` is the only text for logs, and
repr() shows no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from kiosk.errors import WireError


_DEFAULT_PORTS: Final = {"rtmp": 1935, "rtmps": 443}
_LENGTH_MAX: Final = 2048
_APP_PARTS: Final = 2
_FORBIDDEN: Final = frozenset(' #"<>\\')


@dataclass(frozen=True, slots=True)
class RtmpUrl:
    """
    One stream on one server.

    Attributes:
        scheme: ``rtmp`` or ``rtmps``.
        host: Name or address, IPv6 without brackets.
        port: 1935 and 443 unless the URL says otherwise.
        app: One path element, or two where the path has three.
        name: The rest of the path, without query.
        query: What follows ``?``, empty if nothing.

    """

    scheme: str
    host: str
    port: int
    app: str
    name: str
    query: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> RtmpUrl:
        """
        Take a URL apart.

        Raises:
            WireError: If it is no RTMP URL. The text never shows the query.

        """
        if len(text) > _LENGTH_MAX:
            raise WireError(f"stream URL of {len(text)} characters is too long")
        if not text.isascii() or not text.isprintable() or _FORBIDDEN & set(text):
            raise WireError("stream URL has characters a URL cannot have")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise WireError("stream URL has a broken host or port") from None
        if parts.scheme not in _DEFAULT_PORTS:
            raise WireError(
                f"stream URL with scheme {parts.scheme!r}: expected rtmp or rtmps"
            )
        if "@" in parts.netloc or not parts.hostname or port == 0:
            raise WireError("stream URL needs a host, a port and no user name")
        app, name = _split_path(parts.path)
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or _DEFAULT_PORTS[parts.scheme],
            app=app,
            name=name,
            query=parts.query,
        )

    @property
    def is_secure(self) -> bool:
        """Whether the connection has to be TLS."""
        return self.scheme == "rtmps"

    @property
    def wire_name(self) -> str:
        """The stream name as publish and play send it: with its query."""
        return f"{self.name}?{self.query}" if self.query else self.name

    @property
    def tc_url(self) -> str:
        """The URL of the application, as connect sends it: without query."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.app}"

    @property
    def redacted(self) -> str:
        """The URL without its query, for people and logs."""
        return f"{self.tc_url}/{self.name}"


def split_query(text: str) -> tuple[str, str]:
    """Return what stands before and after the first ``?``."""
    before, _, query = text.partition("?")
    return before, query


def _split_path(path: str) -> tuple[str, str]:
    parts = path.removeprefix("/").split("/", _APP_PARTS)
    app, name = "/".join(parts[:-1]), parts[-1]
    if not app or not name or "" in parts:
        raise WireError("stream URL needs a path of /app/stream")
    return app, name
