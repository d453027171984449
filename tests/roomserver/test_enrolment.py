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
from tests.fakes.room_core import LOOPBACK, FakeCore, Json


FAR = "192.0.2.7"
KEY, OTHER_KEY = "a1" * 16, "b2" * 16
KIOSK, AGENT = "kiosk-7", "agent-1"


def table(since: int = 1_700_000_000, **keys: str) -> EnrolledTable:
    """Return who is enrolled; names are written with _ for -, an empty key bans."""
    return {
        name.replace("_", "-"): Enrolled(since, hash_of(key) if key else "")
        for name, key in keys.items()
    }


def enrolled_desk(ledger: NotingLedger | None = None) -> FakeCore:
    core = FakeCore(ledger=ledger)
    core.core.enrol(table(kiosk_7=KEY, agent_1=KEY))
    return core


def account(
    core: FakeCore, user: str, key: str = "", address: str = FAR, method: str = "GET"
) -> Json:
    answer = core.ask_anything(
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


def log_in(core: FakeCore, user: str, proof: Json, address: str = FAR) -> object:
    query = {
        "sdkAppID": str(proof["sdkAppID"]),
        "accountType": str(proof["accType"]),
        "userID": user,
        "userSig": str(proof["userSig"]),
    }
    answer = core.ask("login", query=query, address=address)
    core.tokens[user] = str(answer.get("token", ""))
    return answer["code"]


def enter(core: FakeCore, user: str = KIOSK) -> Json:
    """Log in with the key, and return the proof."""
    proof = account(core, user, KEY)
    assert log_in(core, user, proof) == 0
    return proof


def listed(core: FakeCore, user: str) -> object:
    return core.ask("get_room_list", {"cnt": 1, "index": 0}, user=user)["code"]


def test_a_key_opens_its_name_from_any_network() -> None:
    core = enrolled_desk()
    enter(core)

    assert listed(core, KIOSK) == 0
    assert account(core, KIOSK, KEY, method="POST")["code"] == 0


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
    core = enrolled_desk()

    assert account(core, "visitor", address=LOOPBACK)["code"] == 0
    assert account(core, "visitor", KEY, LOOPBACK)["code"] == 0
    for key in ("", KEY):
        assert account(core, "visitor", key)["code"] == 7
    assert account(core, "", KEY)["code"] == 7


def test_wrong_keys_have_to_wait_after_five_and_the_right_one_does_not() -> None:
    core = enrolled_desk()
    wrong = [account(core, KIOSK, OTHER_KEY)["code"] for _ in range(6)]

    assert wrong == [7] * 5 + [429]
    assert account(core, KIOSK, KEY)["code"] == 0
    assert account(core, AGENT, OTHER_KEY)["code"] == 7


def test_a_kiosks_key_is_good_for_its_test_calls_too() -> None:
    core = enrolled_desk()
    enter(core)
    enter(core, f"{KIOSK}-test")

    assert listed(core, KIOSK) == 0
    assert listed(core, f"{KIOSK}-test") == 0


@pytest.mark.parametrize(
    "route", ["get_push_url", "delete_pusher", "destroy_room", "pusher_heartbeat"]
)
def test_the_dialect_without_login_does_not_act_for_enrolled_names(route: str) -> None:
    core = enrolled_desk()
    enter(core)
    core.create(KIOSK)
    body: Json = {"roomID": "desk", "userID": KIOSK}

    assert core.ask(route, body)["code"] == 7
    assert core.ask("login", query={"userID": KIOSK})["code"] == 7


def test_a_ban_takes_seat_stream_and_login_at_once() -> None:
    core = enrolled_desk()
    enter(core, AGENT)
    core.create(AGENT)
    enter(core)
    stream = core.join(KIOSK)
    unused = core.push_url(KIOSK)
    rung = len(core.rung)

    core.core.enrol(table(agent_1=KEY, kiosk_7=""))

    assert list(core.members(AGENT)) == [AGENT]
    assert [event["kind"] for event in core.events(AGENT, 2)] == ["left"]
    assert len(core.rung) > rung
    assert stream in core.relay.cuts
    assert any(name in unused for name in core.relay.cuts)
    assert listed(core, KIOSK) == 7
    assert listed(core, AGENT) == 0


def test_a_ban_voids_key_and_signature_in_every_network_and_channel() -> None:
    core = enrolled_desk()
    proof = enter(core)
    im = ImClient.__new__(ImClient)
    im.core, im.user, im.base, im.user_sig = core, KIOSK, "", str(proof["userSig"])
    assert im.log_in()["ActionStatus"] == "OK"

    core.core.enrol(table(agent_1=KEY, kiosk_7=""))

    assert im.ask("v4/openim/authkey")["ActionStatus"] == "FAIL"
    for address in (FAR, LOOPBACK):
        assert account(core, KIOSK, KEY, address)["code"] == 7
        assert account(core, KIOSK, "", address)["code"] == 7
        assert log_in(core, KIOSK, proof, address) == 7


def test_a_new_key_ends_what_the_old_one_opened() -> None:
    core = enrolled_desk()
    proof = enter(core)
    core.clock.move(60)
    now = int(core.clock.unix)

    core.core.enrol({**table(agent_1=KEY), **table(now, kiosk_7=OTHER_KEY)})

    assert listed(core, KIOSK) == 7
    assert log_in(core, KIOSK, proof) == 7
    assert account(core, KIOSK, KEY)["code"] == 7
    assert log_in(core, KIOSK, account(core, KIOSK, OTHER_KEY)) == 0


def test_a_name_enrolled_for_the_first_time_ends_who_used_it_without_a_key() -> None:
    core = FakeCore()
    core.log_in(KIOSK)
    core.create(KIOSK)

    core.core.enrol(table(kiosk_7=KEY))

    assert listed(core, KIOSK) == 7
    assert core.ask("get_pushers", {"roomID": "desk"})["code"] == 3


def test_a_name_taken_out_of_the_table_is_out_and_then_like_any_other() -> None:
    core = enrolled_desk()
    enter(core)

    core.core.enrol(table(agent_1=KEY))

    assert listed(core, KIOSK) == 7
    assert account(core, KIOSK, KEY)["code"] == 7
    assert account(core, KIOSK, "", LOOPBACK)["code"] == 0


def test_who_is_unchanged_notices_nothing() -> None:
    core = enrolled_desk()
    enter(core)
    enter(core, AGENT)
    core.create(AGENT)
    core.join(KIOSK)

    core.core.enrol(table(kiosk_7=KEY, agent_1=KEY, kiosk_8=OTHER_KEY))

    assert list(core.members(AGENT)) == [AGENT, KIOSK]
    assert listed(core, KIOSK) == 0


def test_a_banned_creators_room_ends_and_he_leaves_audience_and_line() -> None:
    core = enrolled_desk()
    enter(core)
    core.create(KIOSK)
    core.log_in("host")
    url = core.push_url("host")
    wire = msg.CreateRoom("host", "Show", "show", "Host", "1", url).to_wire()
    core.ask("create_room", wire, user="host", folder="live_room")
    watch = msg.AddAudience("show", KIOSK, "").to_wire()
    assert core.ask("add_audience", watch, user=KIOSK, folder="live_room")["code"] == 0
    line = msg.QueueSeat(KIOSK, ("nowhere",)).to_wire()
    assert core.ask_or_hold("queue_seat", line, user=KIOSK)

    core.core.enrol(table(agent_1=KEY, kiosk_7=""))

    assert core.ask("get_pushers", {"roomID": "desk"})["code"] == 3
    asked: Json = {"roomID": "show"}
    audience = core.ask("get_audiences", asked, user="host", folder="live_room")
    assert audience["audienceCount"] == 0
    assert len(core.core._queue) == 0


def test_a_restart_keeps_the_logins_of_unchanged_names() -> None:
    ledger = NotingLedger()
    core = enrolled_desk(ledger)
    enter(core)
    token = core.tokens[KIOSK]

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
    core = enrolled_desk(ledger)
    enter(core)
    core.create(KIOSK)

    again = FakeCore(ledger=ledger.reopened())
    again.tokens[KIOSK] = core.tokens[KIOSK]
    again.core.enrol(changed)

    assert listed(again, KIOSK) == 7
    assert again.ask("get_pushers", {"roomID": "desk"})["code"] == 3


def test_a_name_enrolled_while_the_server_was_down_ends_who_used_it() -> None:
    ledger = NotingLedger()
    core = FakeCore(ledger=ledger)
    core.log_in(KIOSK)

    again = FakeCore(ledger=ledger.reopened())
    again.tokens[KIOSK] = core.tokens[KIOSK]
    again.core.enrol(table(kiosk_7=KEY))

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
        FakeCore(ServerSettings()).ask(
            "get_login_info", query={"userID": KIOSK}, method="GET", folder="utils"
        )["code"]
        == 0
    )
