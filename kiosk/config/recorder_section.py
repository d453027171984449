"""The room server's ``[recorder]`` section: who is sent the streams of rooms."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from kiosk.config.section import Section
from kiosk.config.values import FilePath, no_control_characters


_MARKS = re.compile(r"\{[^{}]*\}?")
_KNOWN = frozenset({"{stream}", "{type}", "{room}", "{user}"})
_MAX_CHARS = 512
_PATH_PARTS = 2
_MAX_ROOMS, _MAX_NAME_CHARS = 16, 64
_QUERY = re.compile(r"[A-Za-z0-9_]+=[A-Za-z0-9_]+(&[A-Za-z0-9_]+=[A-Za-z0-9_]+)*")


def _recorder_url(text: str) -> str:
    no_control_characters(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError("is no URL") from error
    if parts.scheme not in {"rtmp", "rtmps"} or not parts.hostname or port == 0:
        raise ValueError("must begin with rtmp://HOST or rtmps://HOST")
    if parts.query or parts.fragment:
        raise ValueError("must end after the path; what follows ? goes into query")
    unknown = set(_MARKS.findall(text)) - _KNOWN
    if unknown or "{" in parts.netloc:
        raise ValueError("knows {stream}, {type}, {room} and {user}, after the host")
    marks = set(_MARKS.findall(parts.path))
    if "{stream}" not in marks and not {"{room}", "{user}"} <= marks:
        raise ValueError(
            "would mix streams up: it needs {stream}, or {room} and {user}, in its path"
        )
    if len([part for part in parts.path.split("/") if part]) < _PATH_PARTS:
        raise ValueError("needs a path of /APP/STREAM, e.g. /live/{stream}")
    return text


def _recorder_query(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if len(text) > _MAX_CHARS or not _QUERY.fullmatch(text):
        raise ValueError("needs name=value, letters and digits only, joined by &")
    return secret


RecorderUrl = Annotated[
    str, Field(max_length=_MAX_CHARS), AfterValidator(_recorder_url)
]
RecorderQuery = Annotated[SecretStr, AfterValidator(_recorder_query)]
RoomTarget = Annotated[str, Field(min_length=1, max_length=_MAX_NAME_CHARS)]
RoomTargets = Annotated[
    tuple[RoomTarget, ...], Field(strict=False, min_length=1, max_length=_MAX_ROOMS)
]


class RecorderSection(Section):
    """
    An external recorder, which is sent the streams of rooms; only with our relay.

    Attributes:
        url: Where each stream goes.
        query: What it proves itself with there, behind ``?``.
        rooms: Which rooms, by id, label or pattern.
        ca_file: Whom to trust for ``rtmps://``, in place of the system's authorities.

    """

    url: RecorderUrl | None = None
    query: RecorderQuery | None = None
    rooms: RoomTargets = ("*",)
    ca_file: FilePath | None = None
