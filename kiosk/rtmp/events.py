"""
What an RTMP session tells its driver, on either end.

Media events are named tuples because one is made per media unit (see
:class:`kiosk.rtmp.chunks.Message`).  Timestamps are milliseconds on the
publisher's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class AudioTag(NamedTuple):
    """An FLV audio tag body; :func:`kiosk.rtmp.flv.parse_audio` reads it."""

    timestamp_ms: int
    payload: bytes


class VideoTag(NamedTuple):
    """An FLV video tag body; :func:`kiosk.rtmp.flv.parse_video` reads it."""

    timestamp_ms: int
    payload: bytes


class Metadata(NamedTuple):
    """onMetaData in AMF0; :func:`kiosk.rtmp.flv.parse_metadata` reads it."""

    timestamp_ms: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class IdrRequested:
    """The peer cannot decode what comes next without a fresh IDR."""


@dataclass(frozen=True, slots=True)
class Publishing:
    """The server takes our stream; media may be sent."""


@dataclass(frozen=True, slots=True)
class Playing:
    """The server plays to us; media comes when there is some."""


@dataclass(frozen=True, slots=True)
class Refused:
    """
    The server said no; the connection is of no further use.

    Attributes:
        code: E.g. ``NetStream.Publish.BadName``.
        description: The server's words, without control characters.

    """

    code: str
    description: str


@dataclass(frozen=True, slots=True)
class Ended:
    """
    The stream ended in an orderly way; a player may see it begin again.

    Attributes:
        code: E.g. ``NetStream.Play.UnpublishNotify``.

    """

    code: str


@dataclass(frozen=True, slots=True)
class OpusWanted:
    """
    The server says which codec the publisher's sound shall have from now on.

    Attributes:
        wanted: Opus; AAC otherwise.

    """

    wanted: bool


@dataclass(frozen=True, slots=True)
class ConnectRequested:
    """
    Somebody wants to connect; answer with accept or refuse.

    Attributes:
        app: Application without query, e.g. ``live``.
        idr_on_join: The client sends or takes ``requestIdr`` (kioskIdr).
        codecs: The fourCcList of enhanced RTMP, e.g. ``("avc1", "Opus")``.

    """

    app: str
    idr_on_join: bool
    codecs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishRequested:
    """
    Somebody wants to publish; answer with accept or refuse.

    Attributes:
        app: Application without query.
        name: Stream name without query: safe to log.
        query: What followed ``?``: secret, never to be logged.
        idr_on_join: The publisher understands ``requestIdr``.

    """

    app: str
    name: str
    query: str = field(repr=False)
    idr_on_join: bool


@dataclass(frozen=True, slots=True)
class PlayRequested:
    """
    Somebody wants to play; answer with accept or refuse.

    Attributes:
        app: Application without query.
        name: Stream name without query: safe to log.
        query: What followed ``?``: secret, never to be logged.

    """

    app: str
    name: str
    query: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Closed:
    """The client ended its stream in an orderly way."""


MediaEvent: TypeAlias = AudioTag | VideoTag | Metadata
ClientEvent: TypeAlias = (
    MediaEvent | IdrRequested | OpusWanted | Publishing | Playing | Refused | Ended
)
ServerEvent: TypeAlias = (
    MediaEvent
    | IdrRequested
    | ConnectRequested
    | PublishRequested
    | PlayRequested
    | Closed
)
