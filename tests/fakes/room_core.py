"""A room server without a port: its tables, a clock moved by hand, a relay that notes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

from kiosk.room import messages as msg
from kiosk.room.stream_url import stream_of
from kiosk.roomserver.asking import Asked, CloudCall, Hold, ServerClock, Written
from kiosk.roomserver.core import ServerCore
from kiosk.roomserver.routes import Answer, Routes
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import Ledger


LOOPBACK = "127.0.0.1"
Json: TypeAlias = dict[str, object]


class HandClock:
    """Monotonic and wall time, apart, moved by hand; seconds."""

    def __init__(self, monotonic: float = 1000.0, unix: float = 1_800_000_000) -> None:
        self.monotonic = monotonic
        self.unix = unix

    def move(self, seconds: float) -> None:
        self.monotonic += seconds
        self.unix += seconds

    def server_clock(self) -> ServerClock:
        return ServerClock(lambda: self.monotonic, lambda: self.unix)


@dataclass
class NotingRelay:
    """Notes what a relay is asked to do."""

    live: set[str] = field(default_factory=set)
    cuts: list[str] = field(default_factory=list)
    idr_requests: list[str] = field(default_factory=list)
    reviews: int = 0

    def cut(self, name: str) -> None:
        self.cuts.append(name)
        self.live.discard(name)

    def review(self) -> None:
        self.reviews += 1

    def is_live(self, name: str) -> bool:
        return name in self.live

    def request_idr(self, name: str) -> None:
        self.idr_requests.append(name)


class FakeCore:
    """The routes with everything behind them, as a client without HTTP sees them."""

    def __init__(
        self,
        settings: ServerSettings | None = None,
        clock: HandClock | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.settings = settings or ServerSettings()
        self.clock = clock or HandClock()
        self.relay = NotingRelay()
        self.rung: list[str] = []
        self.put_off: list[tuple[float, Callable[[], None]]] = []
        self.tokens: dict[str, str] = {}
        self.core = ServerCore(
            self.settings,
            self.clock.server_clock(),
            secrets.token_bytes,
            self.rung.append,
            ledger,
            later=self._put_off,
        )
        self.routes: Routes = self.core.routes(
            self.core.streams.relay_backend(self.relay, 1935)
        )

    def sweep(self) -> None:
        for sweep in self.core.sweeps:
            sweep()

    def silence(self, seconds: float) -> None:
        """Let nobody be heard for a while; the sweep comes in time."""
        while seconds > 0:
            self.clock.move(min(seconds, 5.0))
            seconds -= 5.0
            self.sweep()

    def _put_off(self, delay_s: float, call: Callable[[], None]) -> None:
        self.put_off.append((self.clock.monotonic + delay_s, call))

    def wait(self, seconds: float) -> None:
        """Let time pass and happen what was put off until then."""
        self.clock.move(seconds)
        for due in list(self.put_off):
            if due[0] <= self.clock.monotonic:
                self.put_off.remove(due)
                due[1]()

    def ask(
        self,
        route: str,
        body: Json | None = None,
        *,
        user: str = "",
        address: str = LOOPBACK,
        query: dict[str, str] | None = None,
        method: str = "POST",
        folder: str = "double_room",
        request_id: str = "",
    ) -> Json:
        """Ask as ``user`` (v2) or, without one, as whoever has the address (v1)."""
        answer = self.ask_anything(
            route,
            body,
            user=user,
            address=address,
            query=query,
            method=method,
            folder=folder,
            request_id=request_id,
        )
        if isinstance(answer, Hold):
            return self.routes.finish(answer)
        if isinstance(answer, CloudCall):
            return answer.finish(None)  # the cloud is silent
        assert isinstance(answer, dict), answer
        return answer

    def ask_or_hold(
        self, route: str, body: Json, *, user: str, folder: str = "double_room"
    ) -> Json | Hold:
        """Ask for what may have to be waited for."""
        answer = self.ask_anything(route, body, user=user, folder=folder)
        assert isinstance(answer, dict | Hold), answer
        return answer

    def ask_anything(
        self,
        route: str,
        body: Json | None = None,
        *,
        user: str = "",
        address: str = LOOPBACK,
        query: dict[str, str] | None = None,
        method: str = "POST",
        folder: str = "double_room",
        authorization: str = "",
        request_id: str = "",
    ) -> Answer:
        """Return whatever a route answers; a text as the object it is."""
        asked_by = {"userID": user, "token": self.tokens[user]} if user else {}
        path = f"/weapp/{folder}/{route}"
        sent = {**asked_by, **(query or {})}
        answer = self.routes.answer(
            Asked(method, path, sent, body or {}, address, authorization, request_id)
        )
        return msg.parse_json(answer.body) if isinstance(answer, Written) else answer

    def log_in(self, user: str) -> None:
        """Log a user in as a v2 client does."""
        account = self.ask(
            "get_login_info", query={"userID": user}, method="GET", folder="utils"
        )
        query = {
            "sdkAppID": str(account["sdkAppID"]),
            "accountType": str(account["accType"]),
            "userID": user,
            "userSig": str(account["userSig"]),
        }
        self.tokens[user] = str(self.ask("login", query=query)["token"])

    def asked_by(self, user: str) -> Asked:
        """Return a request that shows who a user is."""
        query = {"userID": user, "token": self.tokens[user]}
        return Asked("POST", "/kiosk/report", query, {}, LOOPBACK)

    def push_url(self, user: str, room_id: str = "", *, tickets: bool = False) -> str:
        """Fetch a push URL as a user logged in."""
        wire = msg.GetPushUrl(user, room_id, tickets).to_wire()
        return str(self.ask("get_push_url", wire, user=user)["pushURL"])

    def create(self, user: str, room_id: str = "desk") -> str:
        """Create a room with its creator in it; return its stream."""
        if user not in self.tokens:
            self.log_in(user)
        url = self.push_url(user)
        created = msg.CreateRoom(user, "Desk", room_id, user, "123", url)
        assert self.ask("create_room", created.to_wire(), user=user)["code"] == 0
        return stream_of(url)

    def join(self, user: str, room_id: str = "desk") -> str:
        """Join a room; return the stream."""
        if user not in self.tokens:
            self.log_in(user)
        return self.join_at(self.push_url(user), user, room_id)

    def join_at(self, url: str, user: str, room_id: str = "desk") -> str:
        """Join a room with a push URL fetched before; return the stream."""
        join = msg.AddPusher(room_id, user, user, url)
        assert self.ask("add_pusher", join.to_wire(), user=user)["code"] == 0
        return stream_of(url)

    def beat(self, user: str, room_id: str = "desk") -> Json:
        """Send a heartbeat."""
        wire = msg.PusherHeartbeat(room_id, user).to_wire()
        return self.ask("pusher_heartbeat", wire, user=user)

    def members(
        self, user: str, room_id: str = "desk", *, tickets: bool = False
    ) -> dict[str, str]:
        """Return userID -> play URL as ``user`` is told."""
        wire = msg.GetPushers(room_id, tickets).to_wire()
        answer = self.ask("get_pushers", wire, user=user)
        return {
            str(member["userID"]): str(member["accelerateURL"])
            for member in cast("list[Json]", answer.get("pushers", []))
        }

    def events(self, user: str, after: int, room_id: str = "desk") -> list[Json]:
        """Return the events of a room a member has not seen."""
        wire = msg.WaitEvents(room_id, user, after, 0.0).to_wire()
        return cast("list[Json]", self.ask("wait_events", wire, user=user)["events"])


def query_of(url: str) -> dict[str, str]:
    """Return the query of a URL as fields."""
    return dict(parse_qsl(urlsplit(url).query))
