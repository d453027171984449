"""
Errors a caller of :mod:`kiosk` may catch, and nothing else.

* :exc:`KioskError`
    * :exc:`ConfigError`: a field technician can fix it in a file.
        * :exc:`BundleRefused`: nothing of a provisioning bundle was applied.
    * :exc:`DeviceError`: a device is absent, busy or gone.
        * :exc:`DeviceStalled` (also TimeoutError)
        * :exc:`DisplayMissing`: no display that people could see.
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

        * :exc:`KioskStopped`: there is none, and will be none by itself.
    * :exc:`DownloadFailed` (also ConnectionError): a file did not come whole.
    * :exc:`NotAsSigned`: files from elsewhere that nobody trusted vouches for.
    * :exc:`UpdateRefused`: a system update that this machine does not take.
    * :exc:`UpdateFailed`: a system update that was begun and not completed.

Every error knows the one line to show to whom: ``str(exc)`` goes to the
journal, :attr:`KioskError.code` to the person in front of the display and to
the support desk.  U003 belongs to no error: the kiosk makes way for a restart.  Nor do N001 to N004,
what the network lacks, and N013, a clock that cannot be right.  Four codes of the log neither: T001, the door of the case
is open, K002, a call that could not be closed in time, K003, a fault of this program, after which it is
started anew, and K004, a call's record that could not be written.  K005 to K010 are those of the
safe screen: why systemd had to start the kiosk anew (:mod:`kiosk.app.ladder`).  Messages name the thing, the cause and, where one exists,
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


class BundleRefused(ConfigError):
    """A provisioning bundle has mistakes, and nothing of it was applied."""

    code = "C002"


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


class DisplayMissing(DeviceError):
    """Nothing can be seen: no display is connected, or somebody else owns it."""

    code = "D003"


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


class KioskStopped(ControlError):
    """No kiosk was started: systemd keeps its folder over a crash, not over a stop."""


class DownloadFailed(KioskError, ConnectionError):
    """
    A file could not be fetched.

    Attributes:
        host: Where it was asked for.

    """

    code = "N001"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host = host


class NotAsSigned(KioskError):
    """
    A bundle or an update is not what somebody trusted signed.

    Attributes:
        file: Its name within the bundle.
        cause: What is wrong with it.
        cure: What to do about it.

    """

    code = "S001"

    def __init__(self, file: str, cause: str, cure: str) -> None:
        super().__init__(f"{file} {cause}; {cure}")
        self.file = file
        self.cause = cause
        self.cure = cure


class UpdateRefused(KioskError):
    """A system update is not for this machine, or not one; nothing was written."""

    code = "U001"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the update is refused: {reason}")
        self.reason = reason


class UpdateFailed(KioskError):
    """A system update was begun and not completed; the running system is as it was."""

    code = "U002"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the update failed: {reason}")
        self.reason = reason
