"""
The Unix socket that the control server listens on.

1. Nobody's live socket is taken away: an existing one is replaced only when
   nobody answers on it.
2. The mode is set before the first connection can be accepted.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

from kiosk.errors import ControlError


MODE = 0o660
_BACKLOG = 64
_PROBE_S = 0.5


class Listener:
    """An open listening socket that removes its file when closed."""

    def __init__(self, path: Path) -> None:
        """
        Bind and listen.

        Raises:
            ControlError: Somebody serves there, or the path cannot be used.

        """
        self.path = path
        _remove_stale(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.bind(os.fspath(path))
            path.chmod(MODE)
            self._identity = _identity(path)
            self.socket.listen(_BACKLOG)
        except (OSError, ValueError) as error:
            self.socket.close()
            raise ControlError(f"control socket {path}: {_reason(error)}") from error
        self.socket.setblocking(False)  # noqa: FBT003 (no keyword in the library)

    def close(self) -> None:
        """Stop listening and remove the file, unless it is another's by now."""
        self.socket.close()
        with contextlib.suppress(OSError):
            if _identity(self.path) == self._identity:
                self.path.unlink()


def _identity(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):
        return  # nothing there; binding says what else is wrong
    if not stat.S_ISSOCK(mode):
        raise ControlError(
            f"control socket {path}: something else is there; "
            "remove it or change [control] socket"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise ControlError(f"control socket {path}: {_reason(error)}") from error
    raise ControlError(
        f"control socket {path}: another kiosk is running there; "
        "stop it or change [control] socket"
    )


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "its directory does not exist; create it or change [control] socket"
        case PermissionError():
            return "this user may not create it; change the directory's owner or mode"
        case _:
            return f"cannot be used: {error}"
