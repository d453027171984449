"""
Puts the agents' desk beside a room server, in its process.

An agent becomes an ordinary party of the server by its own protocol, asked in this
process instead of over a socket: nothing else of the desk's reaches into the server
but the question who waits.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from kiosk.agentdesk.agents_file import AgentsFile, BadAgents
from kiosk.agentdesk.codec_threads import CodecThreads
from kiosk.agentdesk.desk import Desk, DeskTimes
from kiosk.agentdesk.doors import Doors
from kiosk.agentdesk.logins import Logins
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.media_socket import MediaSockets
from kiosk.agentdesk.page_files import page_files
from kiosk.agentdesk.ports import Party, Waiting
from kiosk.agentdesk.relay_link import RelayDoor
from kiosk.agentdesk.site import Carrying, Site
from kiosk.agentdesk.told import counts_of
from kiosk.agentdesk.web_server import Arrivals, serving
from kiosk.app.desk_words import desk_words
from kiosk.app.inside_transport import InsideTransport
from kiosk.config.server_schema import ServerConfig
from kiosk.config.values import parse_address
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.room.conversation import Identity
from kiosk.room.messages import Dialect, RoomType
from kiosk.room.session import Wanted
from kiosk.roomclient import new_room_service
from kiosk.roomserver.forwarding import INSIDE, Forwarding
from kiosk.roomserver.guesses import Guesses, Secret
from kiosk.roomserver.http_server import listen
from kiosk.roomserver.inside import Beside, Inside
from kiosk.roomserver.tls import TlsFiles, server_context
from kiosk.tls import trusting


_HOUR_S = 3600.0
_TOKEN_BYTES, _ID_BYTES = 32, 8
_GUESSERS_OF_ONE_ADDRESS = 10
"""Agents in one office share an address; so many may each guess wrong there."""
_URL = "http://inside"
_OURS = "desk_"
_NOT_KIOSKS = (_OURS, "echo_")
"""How userIDs begin of those alone in a room who do not wait to be answered."""


def desk_beside(
    config: ServerConfig,
    carrying: Carrying | None = None,
    times: DeskTimes | None = None,
) -> Beside | None:
    """
    Return what runs the desk beside a server; None: none is configured.

    Args:
        config: The server's.
        carrying: Carries pictures and sounds of calls; by default the desk's own does.
        times: Patience of the desk, where it shall be another.

    """
    if config.desk.http is None:
        return None
    return lambda inside: _desk(config, inside, carrying, times)


@asynccontextmanager
async def _desk(
    config: ServerConfig,
    inside: Inside,
    carrying: Carrying | None,
    times: DeskTimes | None,
) -> AsyncGenerator[str]:
    async with CodecThreads() as threads:
        door = RelayDoor(_trusting(config))
        counts = DeskCounts()
        inside.count("desk", lambda: asdict(counts))
        own = MediaSockets(door, threads, counts)
        async with _served(config, inside, carrying or own, times) as url:
            yield url


@asynccontextmanager
async def _served(
    config: ServerConfig,
    inside: Inside,
    carrying: Carrying,
    times: DeskTimes | None,
) -> AsyncGenerator[str]:
    section = config.desk
    agents = AgentsFile(Path(section.agents) if section.agents else None)
    try:
        agents.load()
    except (OSError, BadAgents) as error:
        raise OSError(f"[desk] agents {section.agents}: {error}") from error
    host, port = parse_address(section.http or "")
    tls = _tls(config)
    keeper = Keeper(config.server.trusted_proxies, config.limits.guesses)
    desk = Desk(
        ServerLobby(inside, _capacities(config)),
        section.rooms,
        now=time.monotonic,
        new_id=lambda: secrets.token_hex(_ID_BYTES),
        times=times,
    )
    inside.count("desk_agents", lambda: counts_of(desk))
    logins = Logins(
        lambda: secrets.token_urlsafe(_TOKEN_BYTES), section.idle_h * _HOUR_S
    )
    header = section.agent_header or ""
    doors = Doors(agents, logins, keeper, header=header, now=time.monotonic)
    site = Site(
        desk, doors, carrying, page_files(desk_words()), is_secure=tls is not None
    )
    with listen("desk", host, port) as listener:
        scheme, at = "http" if tls is None else "https", listener.getsockname()
        arrivals = Arrivals(keeper.trusts)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(desk.run(), name="desk")
            async with serving(site.app(), listener, arrivals, tls):
                yield f"{scheme}://{_in_url(at[0])}:{at[1]}"
            running.cancel()


class ServerLobby:
    """
    The server as a desk sees it.

    Args:
        inside: The server.
        capacities: Seats of a room, by its type.

    """

    def __init__(self, inside: Inside, capacities: Mapping[RoomType, int]) -> None:
        self._inside = inside
        self._capacities = capacities

    def waiting(self) -> Sequence[Waiting]:
        """Return who waits at this moment."""
        return tuple(
            Waiting(
                view.room_type.value,
                view.user_id,
                view.name,
                view.branch,
                view.room_id,
                view.label,
            )
            for view in self._inside.waiting()
            if not view.user_id.startswith(_NOT_KIOSKS)
        )

    def party(
        self, user_name: str, room_type: str
    ) -> AbstractAsyncContextManager[Party]:
        """Become a party, under a userID nobody had before."""
        kind = RoomType(room_type)
        user_id = f"{_OURS}{secrets.token_hex(_ID_BYTES)}"
        return new_room_service(
            _URL,
            Identity(user_name, user_id, platform="desk"),
            Wanted((), capacity=self._capacities[kind]),
            MonotonicClock(),
            dialect=Dialect.V2,
            room_type=kind,
            transport=InsideTransport(self._inside.answer, INSIDE),
        )


class Keeper:
    """
    Who stands at the desk's door, judged as at the server's.

    Args:
        trusted_proxies: Networks of proxies whose word counts.
        guesses: Wrong passwords a minute of one agent from one address.

    """

    def __init__(self, trusted_proxies: tuple[str, ...], guesses: int) -> None:
        self._forwarding = Forwarding(trusted_proxies)
        self._of_agents = Guesses(time.monotonic, guesses)
        self._of_all = Guesses(time.monotonic, guesses * _GUESSERS_OF_ONE_ADDRESS)

    def client_of(self, peer: str, fields: Mapping[str, str]) -> str:
        """Return the address a request comes from."""
        if not self.trusts(peer):
            return peer
        return self._forwarding.client_of(fields.get("x-forwarded-for", ""))

    def trusts(self, peer: str) -> bool:
        """Say whether a connection is a trusted proxy's."""
        return self._forwarding.trusts(peer)

    def wait_s(self, address: str, agent_id: str) -> float:
        """Return how long a password from there has to wait."""
        return max(
            self._of_agents.wait_s(Secret.PASSWORD, address, agent_id),
            self._of_all.wait_s(Secret.PASSWORD, address),
        )

    def wrong(self, address: str, agent_id: str) -> None:
        """Count a wrong password."""
        self._of_agents.wrong(Secret.PASSWORD, address, agent_id)
        self._of_all.wrong(Secret.PASSWORD, address)


def _capacities(config: ServerConfig) -> Mapping[RoomType, int]:
    server = config.server
    return {
        RoomType.DOUBLE: server.capacity,
        RoomType.MULTI: server.capacity_multi,
    }


def _trusting(config: ServerConfig) -> ssl.SSLContext:
    """
    Return what connections to relays are made with, ours first.

    Our own certificate is trusted as it is: a name is proved by it, to ourselves too.
    """
    context = trusting()
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for file in (config.tls.certificate, config.desk.ca_file):
        if file is not None:
            context.load_verify_locations(file)
    return context


def _tls(config: ServerConfig) -> ssl.SSLContext | None:
    section = config.tls
    if section.certificate is None or section.key is None:
        return None
    return server_context(TlsFiles(section.certificate, section.key))


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
