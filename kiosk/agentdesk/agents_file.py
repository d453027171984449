"""
The file of agents with a password: TOML, a table for each.

``["anna"]``, ``name = "Anna Meier"``, ``password = "scrypt$..."``, as ``kiosk server
--agent anna`` prints them.  It is read anew when it changed: who is taken out is out
with his next request.  What cannot be read or understood changes nothing, and is said.
"""

from __future__ import annotations

import hashlib
import logging
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from kiosk.agentdesk.passwords import PasswordHash, nobodys_hash, read_hash


log = logging.getLogger(__name__)

AGENT_ID: Final = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_MAX_BYTES = 1024 * 1024
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


_Stamp = tuple[int, ...]
"""What a file looks like from outside; another one is read anew."""


class BadAgents(ValueError):
    """The file is not what it should be; says where, and no part of a hash."""


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """One agent of the file; the name is what customers read."""

    name: str
    password: PasswordHash

    @property
    def fingerprint(self) -> bytes:
        """What another password would change, and nobody finds one by."""
        return hashlib.sha256(str(self.password).encode()).digest()


class AgentsFile:
    """
    One file of agents.

    Args:
        path: The file; None: there is none, and nobody has a password.

    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: _Stamp = ()
        self._complaint = ""
        self._agents: Mapping[str, KnownAgent] = {}
        self._nobodys = nobodys_hash()

    def load(self) -> None:
        """
        Read the file.

        Raises:
            OSError: It cannot be read.
            BadAgents: It is not what it should be.

        """
        if self._path is not None:
            self._seen = _stamp_of(self._path)
            self._agents = _read(self._path.read_bytes())

    def find(self, agent_id: str) -> KnownAgent | None:
        """Return an agent, by what the file says now."""
        self._look()
        return self._agents.get(agent_id)

    def fits(self, agent_id: str, password: str) -> bool:
        """
        Say whether that is the agent's password; slow, for a thread.

        A name nobody has costs as much as a wrong password, so that names cannot be
        tried out.
        """
        known = self._agents.get(agent_id)
        fits = (known.password if known else self._nobodys).fits(password)
        return fits and known is not None

    def _look(self) -> None:
        if self._path is None:
            return
        try:
            stamp = _stamp_of(self._path)
            if stamp != self._seen:
                self._seen = stamp
                self._agents = _read(self._path.read_bytes())
                log.info("agents read", extra={"agents": len(self._agents)})
            self._complaint = ""
        except (OSError, BadAgents) as error:
            self._complain(str(error))

    def _complain(self, reason: str) -> None:
        if reason != self._complaint:
            self._complaint = reason
            log.warning("agents not read", extra={"reason": reason})


def _stamp_of(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino, status.st_size


def _read(content: bytes) -> Mapping[str, KnownAgent]:
    if len(content) > _MAX_BYTES:
        raise BadAgents("is too long")
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadAgents(f"is no TOML: {error}") from None
    return {agent_id: _agent(agent_id, table) for agent_id, table in tables.items()}


def _agent(agent_id: str, table: object) -> KnownAgent:
    if not AGENT_ID.fullmatch(agent_id):
        raise BadAgents("has a name that is not 1 to 64 of A-Z a-z 0-9 _ . @ -")
    if not isinstance(table, dict):
        raise BadAgents(f"{agent_id}: needs a table")
    fields = cast("dict[str, object]", table)
    if unknown := set(fields) - {"name", "password"}:
        raise BadAgents(f"{agent_id}: knows name and password, not {min(unknown)}")
    name, kept = fields.get("name", agent_id), fields.get("password")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadAgents(f"{agent_id}: name must be 1 to 64 printable characters")
    try:
        return KnownAgent(name, read_hash(kept if isinstance(kept, str) else ""))
    except ValueError as error:
        raise BadAgents(f"{agent_id}: password {error}") from None
