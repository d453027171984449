"""What servers answer in tests of the room session."""

from __future__ import annotations

from kiosk.errors import (
    LoginRefused,
    NotAMember,
    RoomFull,
    RoomNotFound,
    RoomRefused,
    RoomUnreachable,
)
from kiosk.room.codes import NOT_LOGGED_IN, token_refusal
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.messages import (
    Account,
    Dialect,
    Done,
    EventKind,
    Events,
    LoggedIn,
    Member,
    PushUrl,
    Room,
    RoomCreated,
    RoomEvent,
    RoomList,
    RouteUnknown,
    Seated,
)
from tests.fakes.script_player import ScriptPlayer


ACCOUNT = Account("kiosk7", 1400012345, "12345", "sig-of-kiosk7")
UNKNOWN = RouteUnknown("get_login_info: the server does not know this route")
UNREACHABLE = RoomUnreachable("no answer")
PUSH_URL = "rtmp://relay/live/8525_kiosk7?txSecret=aa"


def logged_in(token: str) -> LoggedIn:
    return LoggedIn("kiosk7", token)


def refused(kind: type[RoomRefused], code: int) -> RoomRefused:
    return kind("route", code, "no")


FULL = refused(RoomFull, 5001)
NOT_FOUND = refused(RoomNotFound, 3)
NOT_A_MEMBER = refused(NotAMember, 5)
LOGIN_REFUSED = refused(LoginRefused, 7)
FORGOTTEN = LoginRefused(
    "route", 7, token_refusal(NOT_LOGGED_IN, "用户未登录或token过期")
)
BAD_URL = refused(RoomRefused, 1)
TAKEN = refused(RoomRefused, 11)


def member(user_id: str, stream: str = "s1", name: str = "") -> Member:
    return Member(user_id, name, "123", f"rtmp://relay/live/{stream}?txSecret=bb")


ME = member("kiosk7", "s7", "Branch 7")
ANNA = member("anna", "s1", "Anna")
BERT = member("bert", "s2")


def room(room_id: str, *members: Member, label: str = "", seq: int = 0) -> Room:
    creator = members[0].user_id if members else ""
    return Room(room_id, label, creator, members, seq=seq)


def rooms(*listed: Room) -> RoomList:
    return RoomList(listed)


def events(
    *told: RoomEvent, seq: int, digest: str = "", resync: bool = False
) -> Events:
    return Events(told, seq, digest, resync)


def event(
    seq: int, kind: EventKind, user_id: str = "anna", text: str = ""
) -> RoomEvent:
    return RoomEvent(seq, kind, user_id, text=text)


def server(**answers: object) -> ScriptPlayer:
    """Return a v2 server where everything works; change what the test is about."""
    works: dict[str, object] = {
        "get_login_info": ACCOUNT,
        "login": logged_in("token-1"),
        "logout": Done(),
        "get_room_list": rooms(room("r1", ANNA, label="desk")),
        "get_push_url": PushUrl(PUSH_URL),
        "create_room": RoomCreated("r9"),
        "add_pusher": Seated(epoch=3, seq=3),
        "get_pushers": room("r1", ANNA, ME),
        "pusher_heartbeat": Seated(epoch=3, seq=3),
        "wait_events": RouteUnknown("wait_events"),
        "queue_seat": RouteUnknown("queue_seat"),
        "delete_pusher": Done(),
        "send_room_text_msg": Done(),
    }
    return ScriptPlayer(**(works | answers))


def v1_server(**answers: object) -> ScriptPlayer:
    """Return an original of the first generation where everything works."""
    works: dict[str, object] = {
        "get_login_info": UNKNOWN,
        "get_im_login_info": ACCOUNT,
        "create_room": RoomCreated("r9"),
        "add_pusher": Seated(),
        "pusher_heartbeat": Seated(),
    }
    return server(**(works | answers))


def conversation(
    dialect: Dialect | None = None, user_id: str = "kiosk7"
) -> Conversation:
    """Return a conversation whose pauses are not scattered."""
    identity = Identity("Branch 7", user_id)
    return Conversation(identity, lambda: 0.5, dialect)
