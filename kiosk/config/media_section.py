"""The room server's ``[media]`` section: whose media server carries the streams."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from kiosk.config.section import Section
from kiosk.config.values import Key, ServerUrl, no_control_characters


_MARK = "{stream}"


def _stream_url(text: str) -> str:
    no_control_characters(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError("is no URL") from error
    named = parts.path.endswith(f"/{_MARK}") and text.count(_MARK) == 1
    if parts.scheme not in {"rtmp", "rtmps"} or not parts.hostname or port == 0:
        raise ValueError("must begin with rtmp://HOST or rtmps://HOST")
    if not named or parts.query or parts.fragment:
        raise ValueError(f'must end in /{_MARK}, e.g. "rtmp://HOST/live/{_MARK}"')
    return text


StreamUrl = Annotated[str, Field(max_length=512), AfterValidator(_stream_url)]


class MediaSection(Section):
    """
    Whose media server carries the streams.

    Attributes:
        backend: ``relay`` is ours, in the same process.
        push_url: Where streams go at another one.
        play_url: Where they come from, by default ``push_url``.
        hook_secret: What it shows with its callbacks.
        control_url: Where it takes orders to end a stream.

    """

    backend: Literal["relay", "nginx", "srs", "mediamtx", "tencent"] = "relay"
    push_url: StreamUrl | None = None
    play_url: StreamUrl | None = None
    hook_secret: Key | None = None
    control_url: ServerUrl | None = None

    @property
    def has_callbacks(self) -> bool:
        """Whether the media server asks who may push and play."""
        return self.backend in {"nginx", "srs", "mediamtx"}
