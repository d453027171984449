"""
Who comes in, and as whom: the login with a password, the cookie, a proxy's header.

1. A cookie is HttpOnly and SameSite=Strict, and nothing is done for a request that says
   it comes from another page (``Origin``): there is nothing to forge.
2. Only a proxy of ``[server] trusted_proxies`` names an agent by its header; it must put
   it there, or take it away, itself.
3. Wrong passwords are counted by address and by name, and wait; they are checked in a
   thread, few at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from kiosk.agentdesk.agents_file import AGENT_ID, AgentsFile
from kiosk.agentdesk.call_values import Agent
from kiosk.agentdesk.logins import Logins
from kiosk.agentdesk.ports import Gatekeeper


COOKIE: Final = "desk"
CHECKS_AT_ONCE: Final = 2


class NotLoggedIn(Exception):
    """
    That is nobody's password.

    Attributes:
        wait_s: Too many wrong ones came: for so long even the right one is refused.

    """

    def __init__(self, wait_s: float = 0.0) -> None:
        super().__init__("not logged in")
        self.wait_s = wait_s


class Doors:
    """
    The door of the desk.

    Args:
        agents: Those who have a password.
        logins: Those who are in.
        keeper: Knows proxies and guessers.
        header: In which a trusted proxy names the agent; empty: in none.
        now: Monotonic seconds.

    """

    def __init__(
        self,
        agents: AgentsFile,
        logins: Logins,
        keeper: Gatekeeper,
        *,
        header: str,
        now: Callable[[], float],
    ) -> None:
        self._agents = agents
        self._header = header
        self._logins = logins
        self._keeper = keeper
        self._now = now
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def log_in(self, asked: HTTPConnection, agent_id: str, password: str) -> str:
        """
        Return the token of a new login.

        Raises:
            NotLoggedIn: Wrong, or too many were.

        """
        address = self._address_of(asked)
        self._refuse_guesser(address, agent_id)
        known = self._agents.find(agent_id)  # as the file is now
        async with self._checks:
            self._refuse_guesser(address, agent_id)  # who waited meanwhile counts, too
            fits = await asyncio.to_thread(self._agents.fits, agent_id, password)
        if known is None or not fits:
            self._keeper.wrong(address, agent_id)
            raise NotLoggedIn
        return self._logins.open(agent_id, known.fingerprint, self._now())

    def log_out(self, asked: HTTPConnection) -> None:
        """Void the login that a request shows."""
        self._logins.close(asked.cookies.get(COOKIE, ""))

    def agent_of(self, asked: HTTPConnection) -> Agent | None:
        """Return who asks; None: nobody who is in."""
        agent_id = self._named_by_proxy(asked)
        if agent_id:
            known = self._agents.find(agent_id)
            return Agent(agent_id, known.name if known else agent_id)
        token = asked.cookies.get(COOKIE, "")
        login = self._logins.find(token, self._now())
        known = self._agents.find(login.agent_id) if login else None
        if login is None or known is None or known.fingerprint != login.fingerprint:
            self._logins.close(token)
            return None
        return Agent(login.agent_id, known.name, known.fingerprint)

    def may_stay(self, asked: HTTPConnection, agent: Agent) -> bool:
        """Say whether who came in so still would; does not prolong his login."""
        if self._named_by_proxy(asked):
            return True
        known = self._agents.find(agent.agent_id)
        return known is not None and known.fingerprint == agent.fingerprint

    def came_by_https(self, asked: HTTPConnection) -> bool:
        """Say whether a trusted proxy was asked by https."""
        forwarded = asked.headers.get("x-forwarded-proto", "")
        return forwarded == "https" and self._keeper.trusts(_peer_of(asked))

    def _refuse_guesser(self, address: str, agent_id: str) -> None:
        wait_s = self._keeper.wait_s(address, agent_id)
        if wait_s:
            raise NotLoggedIn(wait_s)

    def _named_by_proxy(self, asked: HTTPConnection) -> str:
        header = self._header
        if not header or not self._keeper.trusts(_peer_of(asked)):
            return ""
        named = asked.headers.getlist(header)
        if len(named) != 1:  # two would be the proxy's and somebody else's
            return ""
        return named[0] if AGENT_ID.fullmatch(named[0]) else ""

    def _address_of(self, asked: HTTPConnection) -> str:
        return self._keeper.client_of(_peer_of(asked), asked.headers)


def is_from_elsewhere(asked: HTTPConnection) -> bool:
    """Say whether another site's page makes a request; none says nothing."""
    origin = asked.headers.get("origin")
    if origin is None:
        return asked.headers.get("sec-fetch-site", "none") not in (
            "none",
            "same-origin",
        )
    return urlsplit(origin).netloc != asked.headers.get("host", "")


def _peer_of(asked: HTTPConnection) -> str:
    return asked.client.host if asked.client else ""
