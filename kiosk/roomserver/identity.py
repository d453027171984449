"""
Who asks, and for whom may they act.

With a login (v2) the body's userID must be the token's user: the originals
check the token of one and act for the other (``reliability.md`` S01).  Without
(v1) there is the source address alone: that dialect is answered only to the
networks named for it, and acts for no name that a token, a key or another address
holds.  A userSig is issued only to those trusted with one, or to who shows the key
of an enrolled name (S02).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace

from kiosk.room.answers import Account, ImProvider, LoggedIn
from kiosk.room.codes import Dialect, RoomCode
from kiosk.room.fields import BadRequest
from kiosk.room.login_requests import GetImLoginInfo, GetLoginInfo, Login
from kiosk.room.room_types import RoomType
from kiosk.room.usersig import BadUserSig, UnreadableUserSig, UserSigs, signed_at
from kiosk.room.wire_json import Wire
from kiosk.roomserver.admission import RouteClass, class_of
from kiosk.roomserver.asking import DONE, Asked, Caller, Refused, ServerClock
from kiosk.roomserver.enrolment import Enrolment
from kiosk.roomserver.forwarding import INSIDE
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.guesses import Secret
from kiosk.roomserver.networks import Networks
from kiosk.roomserver.queue import SeatQueue
from kiosk.roomserver.rates import Rates
from kiosk.roomserver.sessions import Sessions, TokenRefused


_NOT_ALL_THERE = (
    "请求参数不全，请检查sdkAppID，accountType，userID，userSig参数是否都存在"  # noqa: RUF001
)
_IN_USE = "this identity is in use by another machine"


class Identity:
    """
    The login routes, and the check before every other.

    Args:
        sessions: Who is logged in.
        grants: Which streams were issued to whom, and where.
        queue: Who waits for a seat, and where.
        enrolment: The names that need a key.
        rates: How often one login may ask, and anybody guess.
        compat: Networks that may speak v1, without a login.
        trusted: Networks that are given a userSig for the asking.
        new_user_id: Makes an unguessable userID.
        im: Who carries the IM channel; clients are told.
        tickets: Whether clients may ask for tickets, and are told so.

    """

    def __init__(
        self,
        sessions: Sessions,
        grants: PushGrants,
        queue: SeatQueue,
        key: UserSigs,
        clock: ServerClock,
        *,
        rates: Rates,
        enrolment: Enrolment,
        compat: Networks,
        trusted: Networks,
        new_user_id: Callable[[], str],
        im: ImProvider,
        tickets: bool,
    ) -> None:
        self._sessions = sessions
        self._grants = grants
        self._queue = queue
        self._key = key
        self._clock = clock
        self._rates = rates
        self._enrolment = enrolment
        self._compat = compat
        self._trusted = trusted
        self._new_user_id = new_user_id
        self._im = im
        self._tickets = tickets

    def caller(self, asked: Asked, room_type: RoomType = RoomType.DOUBLE) -> Caller:
        """
        Return who asks, unless he does so too often; heartbeats never do.

        Raises:
            Refused: AUTH_FAILED with the original's text.
            TooOften: Too many requests, or wrong tokens.

        """
        beats = class_of(asked.route()[1]) is RouteClass.HEARTBEAT
        user_id = asked.query.get("userID", "")
        token = _shown(asked, "token")
        if not (user_id or token) and self._may_be_anybody(asked):
            self._refuse_held(asked.body.get("userID"), asked.address)
            return Caller(Dialect.V1, asked.address, room_type=room_type)
        try:
            self._sessions.check(user_id, token, self._clock.monotonic())
        except TokenRefused as error:
            if error.number == TokenRefused.DIFFERS and not beats:
                self._rates.refuse_guess(Secret.TOKEN, asked.address, user_id)
            raise Refused(RoomCode.AUTH_FAILED, str(error)) from None
        if not beats:
            self._rates.refuse_flood(user_id)
        return Caller(Dialect.V2, asked.address, user_id, room_type)

    def login(self, asked: Asked) -> Wire:
        """Answer ``login``: v2 with a userSig, v1 (where allowed) without."""
        wire = {**asked.query_wire(), "userSig": _shown(asked, "userSig")}
        login = Login.from_wire(wire)
        names = (login.sdk_app_id, login.account_type, login.user_sig)
        if not any(names) and self._may_be_anybody(asked):
            return self._login_v1(login, asked.address)
        if not all((*names, login.user_id)):
            raise Refused(RoomCode.AUTH_FAILED, extra={"result": _NOT_ALL_THERE})
        self._verify(login, asked.address)
        self._rates.refuse_flood(login.user_id)
        now = self._clock.monotonic()
        if self._sessions.is_in_use(login.user_id, login.instance, now):
            raise Refused(RoomCode.AUTH_FAILED, _IN_USE)
        self._enrolment.note_login(login.user_id)
        token = self._sessions.open(login.user_id, now, instance=login.instance)
        return LoggedIn(login.user_id, token).to_wire()

    def believe(self, user_sig: str, user_id: str, address: str) -> None:
        """
        Accept a userSig of this user.

        Raises:
            BadUserSig: It is none (:class:`UnreadableUserSig`: not even in form).
            TooOften: It is one wrong one too many.

        """
        try:
            self._key.verify(user_sig, user_id, self._clock.unix())
            self._enrolment.refuse_older(user_id, signed_at(user_sig))
        except UnreadableUserSig:
            raise
        except BadUserSig:
            self._rates.refuse_guess(Secret.USER_SIG, address, user_id)
            raise

    def logout(self, asked: Asked) -> Wire:
        """Answer ``logout``: the token is void (the published v2 code throws)."""
        self._sessions.close(self.caller(asked).user_id)
        return DONE

    def get_login_info(self, asked: Asked) -> Wire:
        """Answer ``utils/get_login_info``; without a userID one is made."""
        wanted = {**asked.body, **asked.query}
        account = self._account(asked, GetLoginInfo.from_wire(wanted).user_id)
        ours = replace(account, bearer=True, tickets=self._tickets, request_ids=True)
        ours = replace(ours, instances=True)
        return ours.to_wire()

    def get_im_login_info(self, asked: Asked) -> Wire:
        """Answer v1's ``get_im_login_info``: always a fresh userID."""
        GetImLoginInfo.from_wire(asked.body)
        return self._account(asked, "").to_wire()

    def _login_v1(self, login: Login, address: str) -> Wire:
        if not login.user_id:
            raise BadRequest("userID", "is missing")
        self._refuse_held(login.user_id, address)
        token = self._sessions.open(login.user_id, self._clock.monotonic(), address)
        return LoggedIn(login.user_id, token, self._signed(login.user_id)).to_wire()

    def _account(self, asked: Asked, user_id: str) -> Account:
        if self._enrolment.knows(user_id):
            may_be = self._enrolment.proves(user_id, asked.bearer)
        else:
            is_trusted = asked.address in self._trusted and not asked.from_page
            believed = is_trusted or asked.address == INSIDE
            may_be = believed and not self._is_anothers(user_id, asked.address)
        if not may_be:
            if asked.bearer:
                guessed = Secret.ENROLMENT_KEY
                self._rates.refuse_guess(guessed, asked.address, user_id)
            raise Refused(RoomCode.AUTH_FAILED)
        return self._signed(user_id or self._new_user_id())

    def _may_be_anybody(self, asked: Asked) -> bool:
        """
        Say whether somebody may speak v1.

        A page in a browser within the networks may come from anywhere (S15).
        """
        return asked.address in self._compat and not asked.from_page

    def _refuse_held(self, user_id: object, address: str) -> None:
        """Refuse, without proof, a name that is a key's, a login's or another's."""
        if not isinstance(user_id, str):
            return
        now = self._clock.monotonic()
        is_proven = self._sessions.address_of(user_id, now) == ""
        is_anothers = self._is_anothers(user_id, address)
        if is_proven or is_anothers or self._enrolment.knows(user_id):
            raise Refused(RoomCode.AUTH_FAILED)

    def _is_anothers(self, user_id: str, address: str) -> bool:
        """Say whether a name is in use from another address, without any proof."""
        now = self._clock.monotonic()
        place = self._sessions.address_of(user_id, now)
        if place is not None:
            return place not in ("", address)
        held_by = self._grants.is_elsewhere, self._queue.is_elsewhere
        return any(is_elsewhere(user_id, address, now) for is_elsewhere in held_by)

    def _signed(self, user_id: str) -> Account:
        return Account(
            user_id,
            self._key.sdk_app_id,
            self._key.account_type,
            self._key.sign(user_id, int(self._clock.unix())),
            im_provider=self._im.value,
        )

    def _verify(self, login: Login, address: str) -> None:
        same_app = login.sdk_app_id == str(self._key.sdk_app_id)
        if not same_app or login.account_type != self._key.account_type:
            raise Refused(RoomCode.AUTH_FAILED)
        try:
            self.believe(login.user_sig, login.user_id, address)
        except UnreadableUserSig as error:
            raise BadRequest("userSig", str(error), RoomCode.EXCEPTION) from None
        except BadUserSig:
            raise Refused(RoomCode.AUTH_FAILED) from None


def _shown(asked: Asked, name: str) -> str:
    """
    Return a secret out of the header, or out of the query as originals send it.

    Raises:
        Refused: There are two, and not the same.

    """
    in_query = asked.query.get(name, "")
    bearer = asked.bearer
    both = bool(in_query and bearer)
    if both and not hmac.compare_digest(in_query.encode(), bearer.encode()):
        raise Refused(RoomCode.AUTH_FAILED, str(TokenRefused(TokenRefused.DIFFERS)))
    return bearer or in_query
