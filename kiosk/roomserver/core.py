"""
The server's tables put together: everything but the network around them.

Built in two steps, because a relay asks the gate and the routes need the relay:
first the tables with :attr:`ServerCore.gate`, then :meth:`ServerCore.routes` with a backend.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from kiosk.room.usersig import UserSigKey, UserSigs
from kiosk.roomserver.asking import Asked, Caller, ServerClock
from kiosk.roomserver.backend import StreamBackend
from kiosk.roomserver.core_streams import CoreStreams
from kiosk.roomserver.core_tables import CoreTables
from kiosk.roomserver.echo import EchoAgent, EchoRelay
from kiosk.roomserver.enrolment import EnrolledTable, Enrolment
from kiosk.roomserver.expulsion import Expulsion
from kiosk.roomserver.fleet import Fleet
from kiosk.roomserver.grants import Grant
from kiosk.roomserver.identity import Identity
from kiosk.roomserver.im_cloud import GroupCalls, GroupKeeper
from kiosk.roomserver.im_gateway import ImGateway
from kiosk.roomserver.kept_answers import KeptAnswers
from kiosk.roomserver.kept_keys import KeptKeys
from kiosk.roomserver.key_terms import KeyStyle
from kiosk.roomserver.live_routes import LiveRoutes
from kiosk.roomserver.log_folder import LogFolder
from kiosk.roomserver.mixing import MixingRoutes
from kiosk.roomserver.networks import Networks
from kiosk.roomserver.operator_routes import OperatorRoutes
from kiosk.roomserver.operators import Operators
from kiosk.roomserver.queue import QueueRules, SeatQueue
from kiosk.roomserver.queue_routes import QueueRoutes
from kiosk.roomserver.rates import Rates
from kiosk.roomserver.repeats import Repeats
from kiosk.roomserver.room_ids import RoomIds
from kiosk.roomserver.room_routes import RoomRoutes, RoutePolicy
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.routes import RouteGroups, Routes
from kiosk.roomserver.sessions import Sessions
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.still_routes import StillRoutes
from kiosk.roomserver.stills import Stills
from kiosk.roomserver.store_kept import KeptRooms
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf, Turns
from kiosk.roomserver.stream_keys import StreamUrls
from kiosk.roomserver.trial_routes import TrialRoutes, TrialTerms


_ID_BYTES = 16
WORD_S = 0.4
"""
How much later than the word of it a stream is cut whose room ended.

Both take their own way to the member, who must not see a lost connection before it
knows that the call is over, also where the word is lost once on its way (a fifth of a
second was too short at times on a machine with much to do).  Promised is a second (P7).
"""


class ServerCore:
    """
    Rooms, grants and sessions of one server.

    Args:
        random_bytes: ``secrets.token_bytes``.
        ring: Ends the waits known by a bell, such as a room's key.
        ledger: Where everything is kept that a restart must not lose.
        later: Makes a call so many seconds from now; ``loop.call_later``.

    """

    def __init__(
        self,
        settings: ServerSettings,
        clock: ServerClock,
        random_bytes: Callable[[int], bytes],
        ring: Callable[[str], None],
        ledger: Ledger | None = None,
        *,
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._random_bytes = random_bytes
        self.im_groups: GroupKeeper | None = None
        self._identity: Identity | None = None
        self._rates = Rates(settings.rates, clock.monotonic)
        self.operators = Operators(settings.operators_password, self._rates.guesses)
        self._ledger = ledger or ForgetfulLedger()
        self._keys = KeptKeys(self._ledger, random_bytes)
        self.fleet = Fleet(clock, ledger=self._ledger)
        self.streams = CoreStreams(
            settings,
            clock,
            self._ledger,
            random_bytes=random_bytes,
            kept_key=self._keys.key,
        )
        self._grants = self.streams.grants
        self._enrolment = Enrolment(self._ledger)
        self._sessions = Sessions(
            settings.sdk_app_id, settings.account_type, random_bytes, self._ledger
        )
        records = KeptRooms(self._ledger)
        self._rooms = self._new_rooms(records)
        rules = QueueRules(settings.turn_s)
        self._queue = SeatQueue(rules, self._rooms, self._ledger)
        self._answers = KeptAnswers(self._ledger)
        self._stills = Stills()
        self._ledger.serve(
            CoreTables(
                records=records,
                rooms=self._rooms,
                streams=self.streams,
                sessions=self._sessions,
                queue=self._queue,
                fleet=self.fleet,
                answers=self._answers,
                enrolment=self._enrolment,
                now=clock.monotonic,
                later=later,
                ring=ring,
            )
        )
        self._recall()
        self._rights = self.streams.rights(self._rooms)
        self.gate = self.streams.gate(self._rooms, self._rights)

    @property
    def rooms(self) -> Rooms:
        """The rooms, to be looked at."""
        return self._rooms

    @property
    def queue(self) -> SeatQueue:
        """The line for seats, to be looked at."""
        return self._queue

    @property
    def turns(self) -> Turns:
        """Who lets the tables be asked."""
        return self._ledger

    @property
    def store(self) -> Ledger:
        """Where all is kept, to be looked at."""
        return self._ledger

    def caller(self, asked: Asked) -> Caller:
        """
        Return who asks; not before :meth:`routes`.

        Raises:
            Refused: He cannot prove it.

        """
        assert self._identity is not None, "asked before there were routes"
        return self._identity.caller(asked)

    def enrol(self, table: EnrolledTable) -> None:
        """Take a new table of who is enrolled; who lost his right is out at once."""
        changed = self._enrolment.replace(table)
        expulsion = Expulsion(
            self._sessions, self._rooms, self._grants, self._queue, self._clock
        )
        self._ledger.post(lambda: expulsion.expel(self._enrolment.end(changed)))

    def echo_agent(self, relay: EchoRelay) -> EchoAgent:
        """Return the agent that answers technicians, to be run; asked in a turn."""
        return EchoAgent(
            self._settings.echo,
            rooms=self._rooms,
            grants=self._grants,
            relay=relay,
            clock=self._clock,
            turns=self._ledger,
            user_id=f"echo_{self._keys.key('echo').hex()[: 2 * _ID_BYTES]}",
        )

    def routes(self, backend: StreamBackend) -> Routes:
        """Return the routes over these tables; streams are cut at ``backend``."""
        self.streams.backend = backend
        settings = self._settings
        key = self._user_sigs()
        identity = Identity(
            self._sessions,
            self._grants,
            self._queue,
            key,
            self._clock,
            rates=self._rates,
            enrolment=self._enrolment,
            compat=Networks(settings.compat_networks),
            trusted=Networks(settings.signature_networks),
            new_user_id=lambda: self._new_id("user"),
            im=settings.im_provider,
            tickets=settings.key_terms.style is not KeyStyle.TENCENT,
        )
        self._identity = identity
        urls = self.streams.urls(backend)
        rooms = RoomRoutes(
            rooms=self._rooms,
            grants=self._grants,
            rights=self._rights,
            urls=urls,
            clock=self._clock,
            policy=RoutePolicy(settings.period_s),
            room_ids=RoomIds(self._keys.key("room id"), self._random_bytes),
            may_sit=self._queue.may_sit,
            is_recorded=backend.is_recorded,
        )
        gateway = self._gateway(identity, rooms)
        repeats = Repeats(self._answers, self._clock)
        return Routes(identity, self._groups(rooms, urls), repeats, gateway)

    def _new_rooms(self, records: KeptRooms) -> Rooms:
        return Rooms(
            self._settings.rules,
            records,
            self._tell,
            self._grants.revoke,
            self._ledger,
            on_ended=lambda stream: self._grants.revoke(stream, after_s=WORD_S),
        )

    def _groups(self, rooms: RoomRoutes, urls: StreamUrls) -> RouteGroups:
        settings = self._settings
        folder = LogFolder(settings.log_folder) if settings.log_folder else None
        terms = TrialTerms(
            trusted=Networks(settings.signature_networks),
            bizid=settings.bizid,
            account=settings.mixing,
            log_folder=folder,
        )
        opening = self.im_groups.opening if self.im_groups else None
        return RouteGroups(
            rooms=rooms,
            create_room=opening(rooms.create_room) if opening else rooms.create_room,
            live=LiveRoutes(self._rooms),
            mixing=MixingRoutes(self._rooms, self._clock, settings.mixing),
            trial=TrialRoutes(terms, self._grants, urls, self._clock),
            operators=OperatorRoutes(self.operators, folder),
            queue=QueueRoutes(self._queue, self._clock),
            stills=StillRoutes(self._rooms, self._stills, self._clock),
        )

    def _user_sigs(self) -> UserSigs:
        """Return who signs userSigs: the IM cloud's account where there is one."""
        settings = self._settings
        names = settings.sdk_app_id, settings.account_type
        if settings.im_account is None:
            return UserSigKey(self._keys.key("userSig"), *names)
        user_sigs = settings.im_account.user_sigs(*names)
        calls = GroupCalls(
            settings.im_account, user_sigs, self._clock, secrets.randbelow
        )
        self.im_groups = GroupKeeper(self._rooms, calls)
        return user_sigs

    def _tell(self, room_key: str) -> None:
        self._queue.room_changed(room_key, self._clock.monotonic())
        if self.im_groups is not None:
            self.im_groups.on_event(room_key)

    def _gateway(self, identity: Identity, routes: RoomRoutes) -> ImGateway | None:
        """Return the IM channel, unless somebody else carries it."""
        if self._settings.im_path is None or self.im_groups is not None:
            return None
        return ImGateway(
            base=self._settings.im_path,
            believe=identity.believe,
            refuse_flood=self._rates.refuse_flood,
            rooms=self._rooms,
            clock=self._clock,
            send_text=routes.send_room_text_msg,
            wake=lambda key: self._ledger.note(Shelf.BELL, key, {}),
        )

    @property
    def sweeps(self) -> tuple[Callable[[], None], ...]:
        """
        What is to be run every ``sweep_s``, each for itself.

        They remove silent members and empty reservations, unused grants and
        connections out of their right, old keys of streams, tokens long out of
        use, who is silent in the queue, and old still pictures.
        """
        now = self._clock.monotonic
        return (
            lambda: self._rooms.sweep(now()),
            *self.streams.sweeps,
            lambda: self._sessions.sweep(now()),
            lambda: self._queue.sweep(now()),
            lambda: self._answers.sweep(now()),
            lambda: self._stills.sweep(now(), self._is_seated),
        )

    def _recall(self) -> None:
        """Take up where an earlier life ended; every clock begins now."""
        now = self._clock.monotonic()
        self._sessions.recall(now)
        self._enrolment.recall()
        self._grants.recall(now, self._holds_its_seat)
        self._queue.recall(now)
        self._answers.recall(now)
        if self._ledger.facts(Shelf.ROOM):
            self._rooms.sweep(now)

    def _is_seated(self, room_key: str, user_id: str, epoch: int) -> bool:
        record = self._rooms.find(room_key)
        seat = record.seat_of(user_id) if record else None
        return seat is not None and seat.epoch == epoch

    def _holds_its_seat(self, grant: Grant) -> bool:
        record = self._rooms.find(grant.room_id)
        seat = record.seat_of(grant.user_id) if record else None
        return seat is not None and seat.stream == grant.stream

    def _new_id(self, kind: str) -> str:
        return f"{kind}_{self._random_bytes(_ID_BYTES).hex()}"
