"""Which media server carries the streams, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

from kiosk.room.stream_url import APP, is_stream_url


STREAM_MARK = "{stream}"
_MIN_SECRET_BYTES = 16


class MediaKind(Enum):
    """A media server we know how to speak to."""

    RELAY = "relay"
    """Ours, in this process."""
    NGINX = "nginx"
    SRS = "srs"
    MEDIAMTX = "mediamtx"
    TENCENT = "tencent"


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """
    The media server.

    Attributes:
        kind: Which.
        push_url: Where streams go, ``{stream}`` in place of the name; the
            signature is appended.
        play_url: Where they come from; by default ``push_url``.
        hook_secret: The media server shows it with every callback.
        control_url: Where it takes orders to end a stream; empty: it takes none,
            and a stream ends when its publisher does or its key expires.

    Raises:
        ValueError: Naming the setting that cannot work.

    """

    kind: MediaKind = MediaKind.RELAY
    push_url: str = ""
    play_url: str = ""
    hook_secret: bytes = field(default=b"", repr=False)
    control_url: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.kind is MediaKind.RELAY:
            return
        for name, url in (("push_url", self.push_url), ("play_url", self.pulled_url)):
            if STREAM_MARK not in url or not is_stream_url(url_of(url, "s")):
                raise ValueError(f"{name} needs rtmp://HOST/{APP}/{STREAM_MARK}")
            path = urlsplit(url).path
            if self.has_callbacks and path != f"/{APP}/{STREAM_MARK}":
                raise ValueError(f"{name} must end in /{APP}/{STREAM_MARK}")
        if self.has_callbacks and len(self.hook_secret) < _MIN_SECRET_BYTES:
            raise ValueError(f"hook_secret needs at least {_MIN_SECRET_BYTES} bytes")

    @property
    def pulled_url(self) -> str:
        """Where streams come from."""
        return self.play_url or self.push_url

    @property
    def has_callbacks(self) -> bool:
        """Whether the media server asks us who may push and play."""
        return self.kind not in {MediaKind.RELAY, MediaKind.TENCENT}

    @property
    def verifies_itself(self) -> bool:
        """Whether the media server judges keys without asking us."""
        return self.kind is MediaKind.TENCENT


def url_of(template: str, stream: str) -> str:
    """Return the URL of a stream, unsigned."""
    return template.replace(STREAM_MARK, stream)
