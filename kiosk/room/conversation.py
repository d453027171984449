"""
Asking a room server: identity, token, deadlines and what may be repeated.

Every request goes through here.  It finds out which dialect the server speaks,
sends the token only where the protocol wants it, logs in again when the token
is refused (where another login took its place, once a minute at most: two devices
with one identity must not push each other out for ever) and repeats what is
idempotent with growing, scattered pauses; what is not, only where the server knows
a repetition by its id.  It knows nothing about rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar, cast

from kiosk.errors import LoginRefused, RoomError, RoomProtocolError, RoomUnreachable
from kiosk.room.answers import ImProvider
from kiosk.room.im_requests import ImLogin, ImRequest, gateway_query
from kiosk.room.logins_again import LoginsAgain, Refusals
from kiosk.room.messages import (
    HAD_ONCE,
    PLACEHOLDER_AVATAR,
    Account,
    Bearer,
    Credentials,
    Dialect,
    GetImLoginInfo,
    GetLoginInfo,
    Login,
    Logout,
    Request,
    RoomType,
    RouteUnknown,
)
from kiosk.room.pauses import LONGEST_S, Pauses
from kiosk.room.script import (
    Ask,
    AskGateway,
    Fact,
    Outcome,
    Pause,
    Script,
    Tell,
)


REQUEST_S: Final = 5.0
"""Total deadline of one request, as the Android and iOS clients have it."""
PATIENCE_S: Final = 8.0
"""How long one operation is repeated before its error is shown."""
LOGOUT_S: Final = 1.0

_LOGIN_TURN_S = 0.05
_UNKNOWN_TO_IT = "the server knows us not; is our enrolment key missing or void?"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who we are to the room service.

    Attributes:
        user_name: Shown to the other members.
        user_id: Ours for good where the dialect allows it (v2); empty asks
            the server for one.
        enrolment_key: Proves that ``user_id`` is ours, where servers want that.
        platform: The prefix a v1 server wants to hear.
        instance: Which machine asks, at most 64 letters and digits: a server that
            knows of such keeps a clone out. Empty: it does not matter.

    """

    user_name: str
    user_id: str = ""
    user_avatar: str = PLACEHOLDER_AVATAR
    enrolment_key: str = field(default="", repr=False)
    platform: str = "kiosk"
    instance: str = ""

    def question(self, known_as: str) -> GetLoginInfo:
        """
        Return the question for a userSig, with the proof that it is ours to have.

        Whoever was given a userID keeps it: a seat is of that name.
        """
        key = self.enrolment_key
        return GetLoginInfo(self.user_id or known_as, Bearer(key) if key else None)


class Conversation:
    """
    One party's requests to one server.

    Args:
        identity: Who asks.
        scatter: Returns a number from 0 to 1; spreads the pauses of many.
        dialect: What the server speaks; ``None`` finds out at the first login.
        room_type: Whose routes are asked.
        new_id: Makes ids of requests: 8 to 64 letters and digits, no two alike;
            by default there are none.

    """

    def __init__(
        self,
        identity: Identity,
        scatter: Callable[[], float],
        dialect: Dialect | None = None,
        room_type: RoomType = RoomType.DOUBLE,
        new_id: Callable[[], str] = str,
    ) -> None:
        self.identity = identity
        self._new_id = new_id
        self._room_type = room_type
        self.now = 0.0
        self.pauses = Pauses(scatter)
        self._dialect = dialect
        self._user_id = ""
        self._account: Account | None = None
        self._credentials: Credentials | None = None
        self._refusals = Refusals()
        self._logging_in = False
        self._is_refused = False
        self.logins_again = LoginsAgain()

    @property
    def user_id(self) -> str:
        """The userID of the login; empty before."""
        return self._user_id

    @property
    def tickets(self) -> bool:
        """Whether the server gives tickets to who asks for them."""
        return self._account is not None and self._account.tickets

    @property
    def im_is_elsewhere(self) -> bool:
        """Whether a cloud carries the IM channel, as with originals, which say nothing."""
        provider = self._account.im_provider if self._account else ""
        return provider in ("", ImProvider.TENCENT.value)

    @property
    def dialect(self) -> Dialect:
        """What the server speaks, as far as known."""
        return self._dialect or Dialect.V2

    def begin(self, now: float) -> float:
        """Take the time at the start of an operation; return when to give up."""
        self.now = max(self.now, now)
        return self.now + PATIENCE_S

    def log_in(self, give_up_at: float | None) -> Script[str]:
        """Log in unless that is done and good, see :meth:`insist`; return our userID."""
        while self._logging_in:
            yield from self.pause(_LOGIN_TURN_S)
        if not self._user_id or self._is_refused:
            with self._one_login():
                yield from self._introduce(give_up_at)
        return self._user_id

    def log_out(self) -> Script[None]:
        """Void the token, if there is one; whether that works is no matter."""
        if self._credentials is not None:
            with suppress(RoomError):  # the original's throws (protocol section 4)
                yield from self._once(Logout(), LOGOUT_S)
        self._credentials = None
        self._account = None
        self._user_id = ""

    def ask(
        self,
        request: Request[T],
        deadline_s: float = REQUEST_S,
        request_id: str | None = None,
    ) -> Script[T]:
        """
        Send one request; log in again first, if its token is refused.

        Raises:
            RoomError: No answer, a refusal, or nonsense.

        """
        used = _shown_with(request, self._credentials)
        if request_id is None:
            request_id = self._id_for(request)
        try:
            return (yield from self._once(request, deadline_s, request_id))
        except LoginRefused as refused:
            if not isinstance(used, Credentials):
                raise
            yield from self._log_in_again(used, refused)
        return (yield from self._once(request, deadline_s, request_id))

    def insist(
        self,
        request: Request[T],
        give_up_at: float | None,
        longest_s: float = LONGEST_S,
    ) -> Script[T]:
        """
        Send an idempotent request until it is answered or time is up.

        Args:
            request: What to ask.
            give_up_at: When time is up; ``None`` asks once.
            longest_s: Between two tries, unless the server asks for more.

        Raises:
            RoomError: A refusal at once; at the end, why the last try failed.

        """
        failures, same_id = 0, self._id_for(request)
        while True:
            left_s = REQUEST_S if give_up_at is None else give_up_at - self.now
            try:
                return (yield from self.ask(request, min(REQUEST_S, left_s), same_id))
            except (RoomUnreachable, RoomProtocolError) as error:
                if give_up_at is None or isinstance(error, RouteUnknown):
                    raise
                failures += 1
                pause = self.pauses.after(failures, error, longest_s)
                if self.now + pause >= give_up_at:
                    raise
            yield from self.pause(pause)

    def insist_once(self, request: Request[T], give_up_at: float) -> Script[T]:
        """
        Send a request whose effect must come once, and again only if it can.

        Raises:
            RoomError: As :meth:`insist`; a lost answer leaves open what happened.

        """
        until = give_up_at if self._id_for(request) else None
        return (yield from self.insist(request, until))

    def ask_gateway(
        self, request: ImRequest[T], login: ImLogin | None, deadline_s: float
    ) -> Script[T]:
        """
        Send one command to the IM gateway, as the user logged in here.

        Raises:
            RoomError: No answer, a refusal, or nonsense; or nobody is logged in.

        """
        if self._account is None:
            raise RoomUnreachable(f"IM {request.ROUTE}: not logged in")
        query = gateway_query(self._account, login)
        outcome = yield AskGateway(request, query, deadline_s)
        return cast("T", self._answer_of(outcome))

    def renew_account(self) -> Script[None]:
        """
        Ask for a new userSig for our userID; v1 only gives new userIDs.

        Raises:
            RoomError: As :meth:`ask`.

        """
        if self._dialect is Dialect.V2:
            account = yield from self.ask(GetLoginInfo(self._user_id))
            if account.user_id == self._user_id:
                self._account = account

    def pause(self, seconds: float) -> Script[None]:
        """Let time pass."""
        outcome = yield Pause(seconds)
        self.now = max(self.now, outcome.at)

    def tell(self, fact: Fact) -> Script[None]:
        """Report a fact."""
        outcome = yield Tell(fact)
        self.now = max(self.now, outcome.at)

    def _introduce(self, give_up_at: float | None) -> Script[None]:
        account = yield from self._introduction(give_up_at)
        if self._dialect is Dialect.V2:
            proof = Bearer(account.user_sig) if account.bearer else None
            login = Login(
                sdk_app_id=str(account.sdk_app_id),
                account_type=account.account_type,
                user_id=account.user_id,
                user_sig=account.user_sig,
                proof=proof,
                instance=self.identity.instance if account.instances else "",
            )
            token = (yield from self.insist(login, give_up_at)).token
            self._credentials = Credentials(account.user_id, token, account.bearer)
        self._user_id = account.user_id
        self._account = account
        self._is_refused = False

    def _introduction(self, give_up_at: float | None) -> Script[Account]:
        if self._dialect is not Dialect.V1:
            try:
                asked = self.identity.question(self._user_id)
                account = yield from self.insist(asked, give_up_at)
            except LoginRefused as refused:
                code = refused.room_code
                raise LoginRefused(refused.route, code, _UNKNOWN_TO_IT) from None
            except RouteUnknown:
                if self._dialect is Dialect.V2:
                    raise
                self._dialect = Dialect.V1
            else:
                self._dialect = Dialect.V2
                return account
        wanted_v1 = GetImLoginInfo(self.identity.platform)
        return (yield from self.insist(wanted_v1, give_up_at))

    def _log_in_again(self, used: Credentials, why: LoginRefused) -> Script[None]:
        while self._logging_in:
            yield from self.pause(_LOGIN_TURN_S)
        if self._credentials is not used:
            return  # another script was faster
        self.logins_again.refuse_too_soon(self.now, why)
        self._is_refused = True
        with self._one_login():
            yield from self._introduce(self.now + PATIENCE_S)
        self.logins_again.note(self.now, why)

    @contextmanager
    def _one_login(self) -> Generator[None, None, None]:
        # A new login voids the token of the one before: never two at a time.
        self._logging_in = True
        try:
            with self._refusals.remembered(self.now):
                yield
        finally:
            self._logging_in = False

    def _id_for(self, request: Request[object]) -> str:
        """Return an id for a request that may come again; empty where there are none."""
        known = self._account is not None and self._account.request_ids
        return self._new_id() if known and request.ROUTE in HAD_ONCE else ""

    def _once(
        self, request: Request[T], deadline_s: float, request_id: str = ""
    ) -> Script[T]:
        if deadline_s <= 0:
            raise RoomUnreachable(f"{request.ROUTE}: no time left to ask")
        credentials = _shown_with(request, self._credentials)
        ask = Ask(request, credentials, deadline_s, self._room_type, request_id)
        outcome = yield ask
        return cast("T", self._answer_of(outcome))

    def _answer_of(self, outcome: Outcome) -> object:
        self.now = max(self.now, outcome.at)
        if outcome.error is not None:
            raise outcome.error
        return outcome.answer


def _shown_with(
    request: Request[object], own: Credentials | None
) -> Credentials | Bearer | None:
    """Return what a request proves who asks with."""
    if isinstance(request, GetLoginInfo | Login):
        return request.proof
    return None if isinstance(request, GetImLoginInfo) else own
