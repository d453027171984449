"""
Everything the kiosk needs from the outside, as protocols.

Read this file to know the whole machine.  An adapter in :mod:`kiosk.devices`
or :mod:`kiosk.display` implements one protocol, imports one vendor library,
and is picked by name in the configuration; each has a synthetic twin that
passes the same tests.  :mod:`kiosk.media` implements :class:`Pusher` and
:class:`Player`, :mod:`kiosk.roomclient` implements :class:`RoomService`.

Threading, unless a method says otherwise: methods are called from the event
loop and return within a millisecond; those that may take longer are
coroutines or say on which thread they run.  Callbacks named ``on_...`` run on
the adapter's own thread, must not block, and never run after ``close``
returned.  ``close`` is idempotent everywhere.

One clock: every ``Micros`` is CLOCK_MONOTONIC of this machine, in microseconds.
"""

from kiosk.ports.devices import (
    Buttons,
    Camera,
    Clock,
    Display,
    Indicators,
    Init,
    Microphone,
    Speaker,
)
from kiosk.ports.echo import ECHO_BLOCK, EchoCanceller
from kiosk.ports.media import (
    CaptureLost,
    Distribution,
    LoudestChanged,
    Media,
    MediaFact,
    PeerResumed,
    PeerSilent,
    PeerStarted,
    Player,
    PlayLost,
    PlayStats,
    PlayUrlUsedUp,
    Pusher,
    PushLost,
    PushStats,
)
from kiosk.ports.room import (
    NoSeat,
    Peer,
    PeerJoined,
    PeerLeft,
    PeerMoved,
    PeerStreamLost,
    RoomClosed,
    RoomNotice,
    RoomService,
    Seat,
    TextReceived,
)
from kiosk.ports.screens import (
    Received,
    ScreenFacts,
    ScreenName,
    Screens,
    StillScene,
    Tile,
)
from kiosk.ports.values import (
    BRAKE_BELOW,
    SAMPLE_RATE,
    AccessUnit,
    Bitrate,
    Button,
    ColourMatrix,
    DmabufFrame,
    Frame,
    Indicator,
    Layer,
    Micros,
    PageFrame,
    Period,
    Probe,
    Rect,
    SoftFrame,
)


__all__ = [
    "BRAKE_BELOW",
    "ECHO_BLOCK",
    "SAMPLE_RATE",
    "AccessUnit",
    "Bitrate",
    "Button",
    "Buttons",
    "Camera",
    "CaptureLost",
    "Clock",
    "ColourMatrix",
    "Display",
    "Distribution",
    "DmabufFrame",
    "EchoCanceller",
    "Frame",
    "Indicator",
    "Indicators",
    "Init",
    "Layer",
    "LoudestChanged",
    "Media",
    "MediaFact",
    "Microphone",
    "Micros",
    "NoSeat",
    "PageFrame",
    "Peer",
    "PeerJoined",
    "PeerLeft",
    "PeerMoved",
    "PeerResumed",
    "PeerSilent",
    "PeerStarted",
    "PeerStreamLost",
    "Period",
    "PlayLost",
    "PlayStats",
    "PlayUrlUsedUp",
    "Player",
    "Probe",
    "PushLost",
    "PushStats",
    "Pusher",
    "Received",
    "Rect",
    "RoomClosed",
    "RoomNotice",
    "RoomService",
    "ScreenFacts",
    "ScreenName",
    "Screens",
    "Seat",
    "SoftFrame",
    "Speaker",
    "StillScene",
    "TextReceived",
    "Tile",
]
