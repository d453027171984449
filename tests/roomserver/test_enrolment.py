"""Names that open to their own key alone (S02), and how they end."""

from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Page
from kiosk.roomserver.enrolment import Enrolled, EnrolledTable, Enrolment, hash_of
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import Shelf
from tests.fakes.im_client import ImClient
from tests.fakes.noting_ledger import NotingLedger
from tests.fakes.room_desk import LOOPBACK, FakeDesk, Json


FAR = "192.0.2.7"
KEY, OTHER_KEY = "a1" * 16, "b2" * 16
KIOSK, AGENT = "kiosk-7", "agent-1"


def table(since: int = 1_700_000_000, **keys: str) -> EnrolledTable:
    """Return who is enrolled; names are written with _ for -, an empty key bans."""
    return {
        name.replace("_", "-"): Enrolled(since, hash_of(key) if key else "")
        for name, key in keys.items()
    }


def enrolled_desk(ledger: NotingLedger | None = None) -> FakeDesk:
    desk = FakeDesk(ledger=ledger)
    desk.desk.enrol(table(kiosk_7=KEY, agent_1=KEY))
    return desk


def account(
    desk: FakeDesk, user: str, key: str = "", address: str = FAR, method: str = "GET"
) -> Json:
    answer = desk.ask_anything(
        "get_login_info",
        query={"userID": user},
        method=method,
        folder="utils",
        address=address,
        authorization=f"Bearer {key}" if key else "",
    )
    if isinstance(answer, Page):
        return {"code": answer.status}
    assert isinstance(answer, dict)
    return answer


def log_in(desk: FakeDesk, user: str, proof: Json, address: str = FAR) -> object:
    query = {
        "sdkAppID": str(proof["sdkAppID"]),
        "accountType": str(proof["accType"]),
        "userID": user,
        "userSig": str(proof["userSig"]),
    }
    answer = desk.ask("login", query=query, address=address)
    desk.tokens[user] = str(answer.get("token", ""))
    return answer["code"]


def enter(desk: FakeDesk, user: str = KIOSK) -> Json:
    """Log in with the key, and return the proof."""
    proof = account(desk, user, KEY)
    assert log_in(desk, user, proof) == 0
    return proof


def listed(desk: FakeDesk, user: str) -> object:
    return desk.ask("get_room_list", {"cnt": 1, "index": 0}, user=user)["code"]


def test_a_key_opens_its_name_from_any_network() -> None:
    desk = enrolled_desk()
    enter(desk)

    assert listed(desk, KIOSK) == 0
    assert account(desk, KIOSK, KEY, method="POST")["code"] == 0


@pytest.mark.parametrize("address", [FAR, LOOPBACK])
@pytest.mark.parametrize(
    ("user", "key"),
    [
        (KIOSK, ""),
        (KIOSK, OTHER_KEY),
        (KIOSK, KEY[:-1]),
        (KIOSK, hash_of(KEY)),
        (f"{KIOSK}-test", OTHER_KEY),
        (f"{KIOSK}-test", ""),
    ],
)
def test_an_enrolled_name_is_given_to_nobody_else_whatever_his_network(
    user: str, key: str, address: str
) -> None:
    answer = account(enrolled_desk(), user, key, address)

    assert answer["code"] == 7
    assert "userSig" not in answer


def test_other_names_are_given_as_before() -> None:
    desk = enrolled_desk()

    assert account(desk, "visitor", address=LOOPBACK)["code"] == 0
    assert account(desk, "visitor", KEY, LOOPBACK)["code"] == 0
    for key in ("", KEY):
        assert account(desk, "visitor", key)["code"] == 7
    assert account(desk, "", KEY)["code"] == 7


def test_wrong_keys_have_to_wait_after_five_and_the_right_one_does_not() -> None:
    desk = enrolled_desk()
    wrong = [account(desk, KIOSK, OTHER_KEY)["code"] for _ in range(6)]

    assert wrong == [7] * 5 + [429]
    assert account(desk, KIOSK, KEY)["code"] == 0
    assert account(desk, AGENT, OTHER_KEY)["code"] == 7


def test_a_kiosks_key_is_good_for_its_test_calls_too() -> None:
    desk = enrolled_desk()
    enter(desk)
    enter(desk, f"{KIOSK}-test")

    assert listed(desk, KIOSK) == 0
    assert listed(desk, f"{KIOSK}-test") == 0


@pytest.mark.parametrize(
    "route", ["get_push_url", "delete_pusher", "destroy_room", "pusher_heartbeat"]
)
def test_the_dialect_without_login_does_not_act_for_enrolled_names(route: str) -> None:
    desk = enrolled_desk()
    enter(desk)
    desk.create(KIOSK)
    body: Json = {"roomID": "desk", "userID": KIOSK}

    assert desk.ask(route, body)["code"] == 7
    assert desk.ask("login", query={"userID": KIOSK})["code"] == 7


def test_a_ban_takes_seat_stream_and_login_at_once() -> None:
    desk = enrolled_desk()
    enter(desk, AGENT)
    desk.create(AGENT)
    enter(desk)
    stream = desk.join(KIOSK)
    unused = desk.push_url(KIOSK)
    rung = len(desk.rung)

    desk.desk.enrol(table(agent_1=KEY, kiosk_7=""))

    assert list(desk.members(AGENT)) == [AGENT]
    assert [event["kind"] for event in desk.events(AGENT, 2)] == ["left"]
    assert len(desk.rung) > rung
    assert stream in desk.relay.cuts
    assert any(name in unused for name in desk.relay.cuts)
    assert listed(desk, KIOSK) == 7
    assert listed(desk, AGENT) == 0


def test_a_ban_voids_key_and_signature_in_every_network_and_channel() -> None:
    desk = enrolled_desk()
    proof = enter(desk)
    im = ImClient.__new__(ImClient)
    im.desk, im.user, im.base, im.user_sig = desk, KIOSK, "", str(proof["userSig"])
    assert im.log_in()["ActionStatus"] == "OK"

    desk.desk.enrol(table(agent_1=KEY, kiosk_7=""))

    assert im.ask("v4/openim/authkey")["ActionStatus"] == "FAIL"
    for address in (FAR, LOOPBACK):
        assert account(desk, KIOSK, KEY, address)["code"] == 7
        assert account(desk, KIOSK, "", address)["code"] == 7
        assert log_in(desk, KIOSK, proof, address) == 7


def test_a_new_key_ends_what_the_old_one_opened() -> None:
    desk = enrolled_desk()
    proof = enter(desk)
    desk.clock.move(60)
    now = int(desk.clock.unix)

    desk.desk.enrol({**table(agent_1=KEY), **table(now, kiosk_7=OTHER_KEY)})

    assert listed(desk, KIOSK) == 7
    assert log_in(desk, KIOSK, proof) == 7
    assert account(desk, KIOSK, KEY)["code"] == 7
    assert log_in(desk, KIOSK, account(desk, KIOSK, OTHER_KEY)) == 0


def test_a_name_enrolled_for_the_first_time_ends_who_used_it_without_a_key() -> None:
    desk = FakeDesk()
    desk.log_in(KIOSK)
    desk.create(KIOSK)

    desk.desk.enrol(table(kiosk_7=KEY))

    assert listed(desk, KIOSK) == 7
    assert desk.ask("get_pushers", {"roomID": "desk"})["code"] == 3


def test_a_name_taken_out_of_the_table_is_out_and_then_like_any_other() -> None:
    desk = enrolled_desk()
    enter(desk)

    desk.desk.enrol(table(agent_1=KEY))

    assert listed(desk, KIOSK) == 7
    assert account(desk, KIOSK, KEY)["code"] == 7
    assert account(desk, KIOSK, "", LOOPBACK)["code"] == 0


def test_who_is_unchanged_notices_nothing() -> None:
    desk = enrolled_desk()
    enter(desk)
    enter(desk, AGENT)
    desk.create(AGENT)
    desk.join(KIOSK)

    desk.desk.enrol(table(kiosk_7=KEY, agent_1=KEY, kiosk_8=OTHER_KEY))

    assert list(desk.members(AGENT)) == [AGENT, KIOSK]
    assert listed(desk, KIOSK) == 0


def test_a_banned_creators_room_ends_and_he_leaves_audience_and_line() -> None:
    desk = enrolled_desk()
    enter(desk)
    desk.create(KIOSK)
    desk.log_in("host")
    url = desk.push_url("host")
    wire = msg.CreateRoom("host", "Show", "show", "Host", "1", url).to_wire()
    desk.ask("create_room", wire, user="host", folder="live_room")
    watch = msg.AddAudience("show", KIOSK, "").to_wire()
    assert desk.ask("add_audience", watch, user=KIOSK, folder="live_room")["code"] == 0
    line = msg.QueueSeat(KIOSK, ("nowhere",)).to_wire()
    assert desk.ask_or_hold("queue_seat", line, user=KIOSK)

    desk.desk.enrol(table(agent_1=KEY, kiosk_7=""))

    assert desk.ask("get_pushers", {"roomID": "desk"})["code"] == 3
    asked: Json = {"roomID": "show"}
    audience = desk.ask("get_audiences", asked, user="host", folder="live_room")
    assert audience["audienceCount"] == 0
    assert len(desk.desk._queue) == 0


def test_a_restart_keeps_the_logins_of_unchanged_names() -> None:
    ledger = NotingLedger()
    desk = enrolled_desk(ledger)
    enter(desk)
    token = desk.tokens[KIOSK]

    again = enrolled_desk(ledger.reopened())
    again.tokens[KIOSK] = token

    assert listed(again, KIOSK) == 0


@pytest.mark.parametrize(
    "changed",
    [table(kiosk_7=OTHER_KEY), table(kiosk_7=""), table(agent_1=KEY)],
    ids=["another key", "banned", "taken out"],
)
def test_what_changed_while_the_server_was_down_counts_from_its_start(
    changed: EnrolledTable,
) -> None:
    ledger = NotingLedger()
    desk = enrolled_desk(ledger)
    enter(desk)
    desk.create(KIOSK)

    again = FakeDesk(ledger=ledger.reopened())
    again.tokens[KIOSK] = desk.tokens[KIOSK]
    again.desk.enrol(changed)

    assert listed(again, KIOSK) == 7
    assert again.ask("get_pushers", {"roomID": "desk"})["code"] == 3


def test_a_name_enrolled_while_the_server_was_down_ends_who_used_it() -> None:
    ledger = NotingLedger()
    desk = FakeDesk(ledger=ledger)
    desk.log_in(KIOSK)

    again = FakeDesk(ledger=ledger.reopened())
    again.tokens[KIOSK] = desk.tokens[KIOSK]
    again.desk.enrol(table(kiosk_7=KEY))

    assert listed(again, KIOSK) == 7


def test_what_is_kept_of_a_login_is_no_key() -> None:
    ledger = NotingLedger()
    enter(enrolled_desk(ledger))

    [(name, fact)] = ledger.reopened().facts(Shelf.ENROLMENT)
    assert name == KIOSK
    assert str(fact["key"]) in hash_of(KEY)
    assert KEY not in repr(table(kiosk_7=KEY))


def test_without_a_table_no_name_needs_a_key() -> None:
    enrolment = Enrolment()

    assert not enrolment.knows(KIOSK)
    assert not enrolment.proves(KIOSK, "")
    assert (
        FakeDesk(ServerSettings()).ask(
            "get_login_info", query={"userID": KIOSK}, method="GET", folder="utils"
        )["code"]
        == 0
    )
