"""
Errors a caller of :mod:`kiosk` may catch, and nothing else.

* :exc:`KioskError`
    * :exc:`ConfigError`: a field technician can fix it in a file.
    * :exc:`DeviceError`: a device is absent, busy or gone.
        * :exc:`DeviceStalled` (also TimeoutError)
    * :exc:`RoomError`: the room service said no, or said nothing.
        * :exc:`RoomRefused`: it answered with an RTCRoom code.
            * :exc:`RoomFull` (5001)
            * :exc:`RoomNotFound` (3)
            * :exc:`NotAMember` (5)
            * :exc:`LoginRefused` (7)
        * :exc:`RoomUnreachable` (also ConnectionError): no answer in time.
        * :exc:`RoomProtocolError`: an answer that makes no sense.
    * :exc:`MediaError`: a stream cannot be sent, received or decoded.
        * :exc:`StreamRefused`: the relay said no (wrong or expired key).
        * :exc:`StreamStalled` (also TimeoutError): silence that should not be.
        * :exc:`StreamEnded` (also ConnectionError): the relay closed it.
        * :exc:`WireError` (also ValueError): bytes that are not RTMP or FLV.
    * :exc:`ControlError`: the daemon's control socket said no.

Every error knows the one line to show to whom: ``str(exc)`` goes to the
journal, :attr:`KioskError.code` to the person in front of the display and to
the support desk.  Three codes of the log belong to no error: K002, a call that
could not be closed in time, K003, a fault of this program, after which it is
started anew, and K004, a call's record that could not be written.  Messages name the thing, the cause and, where one exists,
the cure; they never carry a key, a token or a signed URL.
"""

from __future__ import annotations

from typing import ClassVar


def words_of(error: OSError) -> str:
    """Return what the operating system said, with the file, without the number."""
    words = error.strerror or str(error)
    return words if error.filename is None else f"{error.filename}: {words}"


class KioskError(Exception):
    """Base class of every error raised on purpose."""

    code: ClassVar[str] = "K000"
    """Stable code shown on the screen and printed in the log."""


class ConfigError(KioskError):
    """
    A configuration file has mistakes; all of them are in the text.

    Attributes:
        mistakes: One line each: file, line, what, nearest right key.

    """

    code = "C001"

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class DeviceError(KioskError):
    """
    A device is absent, busy or gone.

    Attributes:
        device: Name from the configuration, e.g. ``camera``.
        path: Node or address it was opened at.

    """

    code = "D001"

    def __init__(self, device: str, path: str, reason: str) -> None:
        super().__init__(f"{device} at {path}: {reason}")
        self.device = device
        self.path = path


class DeviceStalled(DeviceError, TimeoutError):
    """A device is open but delivered nothing for too long."""

    code = "D002"

    def __init__(self, device: str, path: str, silent_for: float) -> None:
        super().__init__(device, path, f"silent for {silent_for:.1f} s")
        self.silent_for = silent_for


class RoomError(KioskError):
    """The room service said no, or said nothing."""

    code = "R001"


class RoomRefused(RoomError):
    """
    The room service answered with an RTCRoom code other than 0.

    Attributes:
        route: Name of the route asked, e.g. ``add_pusher``.
        room_code: The number on the wire (protocol sections 3 and 4).

    """

    code = "R002"

    def __init__(self, route: str, room_code: int, message: str) -> None:
        super().__init__(f"{route}: code {room_code}: {message}")
        self.route = route
        self.room_code = room_code


class RoomFull(RoomRefused):
    """All seats of the room are taken (5001)."""

    code = "R003"


class RoomNotFound(RoomRefused):
    """There is no such room (3)."""

    code = "R004"


class NotAMember(RoomRefused):
    """We are not a member of that room, or no longer (5)."""

    code = "R005"


class LoginRefused(RoomRefused):
    """Token or userSig is wrong or expired (7)."""

    code = "R006"


class RoomUnreachable(RoomError, ConnectionError):
    """The room service gave no answer before the deadline."""

    code = "R007"


class RoomProtocolError(RoomError):
    """The room service answered something that makes no sense."""

    code = "R008"


class MediaError(KioskError):
    """A stream cannot be sent, received or decoded."""

    code = "M001"


class StreamRefused(MediaError):
    """The relay said no: wrong or expired key, name in use, unknown stream."""

    code = "M002"


class StreamStalled(MediaError, TimeoutError):
    """A stream or its server was silent past a deadline."""

    code = "M003"


class StreamEnded(MediaError, ConnectionError):
    """The other side closed the stream or could not be reached."""

    code = "M004"


class WireError(MediaError, ValueError):
    """Bytes that are not RTMP, AMF0 or FLV, or exceed a limit."""

    code = "M005"


class ControlError(KioskError):
    """The daemon's control socket is absent or refused a request."""

    code = "K001"
