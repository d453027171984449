"""
The file of enrolments: read by servers, written by ``kiosk server --enrol``.

TOML, one name a line, in one table; it holds no key, only hashes.  A server looks
at it every second.  What cannot be read or understood changes nothing, and is
said: a half-written file must not end every call.  Writing is atomic (a power cut
leaves the old file or the new one), and two writers wait for each other.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import re
import secrets
import tomllib
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Never, cast

from kiosk.roomserver.enrolment import Enrolled, EnrolledTable, hash_of


log = logging.getLogger(__name__)

KEY_BYTES: Final = 16
LOOK_S: Final = 1.0
_TABLE: Final = "enrolled"
_MAX_BYTES: Final = 8 * 1024 * 1024
_MODE: Final = 0o644
_PASSING: Final = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EAGAIN}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ENTRY = re.compile(r"([0-9]{1,11}) (?:sha256:([0-9a-f]{64})|banned)")
_HEAD = """\
# Who has to prove himself with a key, and the hash of each key, with the unix time
# of its making. Written by `kiosk server --enrol USER_ID` and `--ban USER_ID`;
# running servers notice within a second. A name taken out needs no key any more.

"""

_Stamp = tuple[int, ...]
"""What a file looks like from outside; another one is read anew."""


class EnrolmentFile:
    """
    One file of enrolments.

    Args:
        path: The file; :meth:`enrol` makes it.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: _Stamp = ()

    def read(self) -> EnrolledTable:
        """
        Return the table; blocks.

        Raises:
            OSError: It cannot be read or understood; the text names it.

        """
        try:
            with self._path.open("rb") as file:
                content = file.read(_MAX_BYTES + 1)
        except OSError as error:
            raise self._problem(error.errno, error.strerror or str(error)) from error
        if len(content) > _MAX_BYTES:
            raise self._problem(errno.EFBIG, "it is too long")
        try:
            return dict(_entries(content))
        except (ValueError, RecursionError) as error:
            raise self._problem(errno.EINVAL, str(error)) from error

    async def look(self, apply: Callable[[EnrolledTable], None]) -> None:
        """
        Apply the file if it changed since it was looked at last.

        Raises:
            OSError: It cannot be read or understood; the text names it.

        """
        seen = self._stamp()
        if seen == self._seen:
            return
        try:
            table = await asyncio.to_thread(self.read)
        except OSError as error:
            # What makes no sense will make none at the next look; what could not
            # be read for a moment may hold a ban.
            if error.errno not in _PASSING:
                self._seen = seen
            raise
        self._seen = seen
        apply(table)

    async def watch(
        self,
        apply: Callable[[EnrolledTable], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Never:
        """Look every second for ever; a look that fails is logged."""
        while True:
            await sleep(LOOK_S)
            try:
                await self.look(apply)
            except OSError as error:
                reason = str(error)
                log.error("enrolments stay as they were", extra={"reason": reason})  # noqa: TRY400 -- the reason is the whole story

    def enrol(self, user_id: str, now_s: int) -> str:
        """
        Give a name a fresh key, in place of any other, and return the key.

        Raises:
            OSError: The file cannot be read, understood or written.
            ValueError: It is no userID.

        """
        return self.enrol_all([user_id], now_s)[user_id]

    def enrol_all(self, user_ids: Sequence[str], now_s: int) -> Mapping[str, str]:
        """
        Give each name a fresh key, in place of any other, and return the keys.

        Raises:
            OSError: The file cannot be read, understood or written.
            ValueError: One is no userID.

        """
        keys = {user_id: secrets.token_hex(KEY_BYTES) for user_id in user_ids}
        self._put({n: Enrolled(now_s, hash_of(key)) for n, key in keys.items()})
        return keys

    def ban(self, user_id: str, now_s: int) -> None:
        """
        Shut a name out until it is enrolled again.

        Raises:
            OSError: The file cannot be read, understood or written.
            ValueError: It is no userID.

        """
        self._put({user_id: Enrolled(now_s)})

    def _put(self, entries: EnrolledTable) -> None:
        for name in entries:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no userID: 1 to 64 of A-Z a-z 0-9 _ -")
        with self._alone() as folder:
            known = dict(self.read()) if self._path.exists() else {}
            self._write(_text({**known, **entries}), folder)

    @contextmanager
    def _alone(self) -> Generator[int]:
        """Wait for other writers; the file itself is replaced, so lock its folder."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._problem(error.errno, error.strerror or str(error)) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(folder)

    def _write(self, text: str, folder: int) -> None:
        new = self._path.with_name(f".{self._path.name}.new")
        try:
            with new.open("w", encoding="ascii") as file:
                os.fchmod(file.fileno(), _MODE)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            os.fsync(folder)
        except OSError as error:
            raise self._problem(error.errno, error.strerror or str(error)) from error

    def _stamp(self) -> _Stamp:
        try:
            facts = self._path.stat()
        except OSError as error:
            return (error.errno or -1,)
        return facts.st_mtime_ns, facts.st_ino, facts.st_size

    def _problem(self, number: int | None, reason: str) -> OSError:
        return OSError(number, f"enrolments {self._path}: {reason}")


def _entries(content: bytes) -> Iterator[tuple[str, Enrolled]]:
    """Read the entries, or raise ValueError with the reason."""
    whole = tomllib.loads(content.decode("utf-8"))
    table = whole.get(_TABLE)
    if not isinstance(table, dict) or len(whole) != 1:
        raise ValueError(f"it must be one table, [{_TABLE}]")
    for name, text in cast("dict[str, object]", table).items():
        entry = _ENTRY.fullmatch(text) if isinstance(text, str) else None
        if entry is None or not _NAME.fullmatch(name):
            raise ValueError(f"the line of {name[:64]!r} makes no sense")
        yield name, Enrolled(int(entry[1]), entry[2] or "")


def _text(table: EnrolledTable) -> str:
    lines = [
        f'{name} = "{entry.since} '
        + (f'sha256:{entry.key_hash}"' if entry.key_hash else 'banned"')
        for name, entry in sorted(table.items())
    ]
    return "\n".join([f"{_HEAD}[{_TABLE}]", *lines]) + "\n"
