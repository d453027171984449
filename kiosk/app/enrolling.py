"""
Enrolling kiosks and agents, and shutting them out: edits the server's file.

The server need not run; one that does notices within a second.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from kiosk.config.credentials import KIOSK, STORE
from kiosk.config.server_schema import ServerConfig
from kiosk.errors import ConfigError
from kiosk.roomserver.enrolment_file import EnrolmentFile


_NS = 1_000_000_000
(_KEY,) = (one for one in KIOSK if one.key == "enrolment_key")
T = TypeVar("T")


def enrol(config: ServerConfig, user_ids: Sequence[str]) -> Iterator[str]:
    """
    Yield each user's part of ``kiosk.toml``, and a fresh key for its secrets.

    Raises:
        ConfigError: No file is configured, or one is no userID.
        OSError: The file cannot be read or written.

    """
    file = _file_of(config)
    for user_id in user_ids:
        key = _checked(file.enrol, user_id)
        yield f"# {user_id}: into its kiosk.toml"
        yield "[room]"
        yield f"user_id = {json.dumps(user_id)}"
        yield f"# its key, shown once; into /{STORE}/{_KEY.name} there, mode 0600,"
        yield "# or so into the secrets.toml of its bundle"
        yield f"[{_KEY.section}]"
        yield f"{_KEY.key} = {json.dumps(key)}"


def enrol_all(config: ServerConfig, user_ids: Sequence[str]) -> Mapping[str, str]:
    """
    Give many users fresh keys at once; return the keys by userID.

    Raises:
        ConfigError: No file is configured, or one is no userID.
        OSError: The file cannot be read or written.

    """
    try:
        return _file_of(config).enrol_all(user_ids, time.time_ns() // _NS)
    except ValueError as error:
        raise ConfigError((str(error),)) from None


def ban(config: ServerConfig, user_ids: Sequence[str]) -> Iterator[str]:
    """
    Shut users out; yield a line for each.

    Raises:
        ConfigError: No file is configured, or one is no userID.
        OSError: The file cannot be read or written.

    """
    file = _file_of(config)
    for user_id in user_ids:
        _checked(file.ban, user_id)
        yield f"{user_id} is out until `kiosk server --enrol {user_id}`"


def _checked(put: Callable[[str, int], T], user_id: str) -> T:
    try:
        return put(user_id, time.time_ns() // _NS)
    except ValueError as error:
        raise ConfigError((str(error),)) from None


def _file_of(config: ServerConfig) -> EnrolmentFile:
    if config.enrolment.file is None:
        raise ConfigError(
            ("[enrolment] file is not set: nobody is asked for a key so far",)
        )
    return EnrolmentFile(Path(config.enrolment.file))
