"""Where a kiosk plays a live stream of its own choice: the ``[television]`` URL."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from kiosk.config.values import no_control_characters


def _play_url(text: str) -> str:
    no_control_characters(text)
    example = 'e.g. "rtmps://tv.example.org/live/branch"'
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"is no URL; {example}") from error
    if parts.scheme not in {"rtmp", "rtmps"} or not parts.hostname or port == 0:
        raise ValueError(f"must begin with rtmp:// or rtmps://; {example}")
    if parts.path.count("/") < 2 or parts.path.endswith("/"):  # noqa: PLR2004 -- /app/name
        raise ValueError(f"needs an application and a stream; {example}")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be one that anybody may play, without a key in it")
    return text


PlayUrl = Annotated[str, Field(max_length=512), AfterValidator(_play_url)]
"""Where a stream is played that needs no key; it is printed in full."""
