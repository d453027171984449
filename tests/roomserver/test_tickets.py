"""Who is given tickets, and what they open."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.room import messages as msg
from kiosk.room.stream_ticket import Ticket, is_ticket, read_ticket, tag_of
from kiosk.roomserver.key_terms import KeyStyle, KeyTerms
from kiosk.roomserver.media_settings import MediaKind, MediaSettings
from kiosk.roomserver.relay_terms import Permit, Refusal
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.strays import MAX_STRAYS
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.gate_answers import admitted, refused
from tests.fakes.room_core import FakeCore


OTHER_ADDRESS = "192.0.2.7"
MEMBERS_ONLY = "only members may play"
USED = "the key was used before"


def styled(style: KeyStyle) -> FakeCore:
    return FakeCore(ServerSettings(keys=KeyTerms(style=style)))


def publish(core: FakeCore, url: str) -> Permit | Refusal:
    asked = RtmpUrl.parse(url)
    return core.core.gate.authorize_publish(asked.app, asked.name, asked.query)


def play(core: FakeCore, url: str) -> Permit | Refusal:
    asked = RtmpUrl.parse(url)
    return core.core.gate.authorize_play(asked.app, asked.name, asked.query)


def ticket_in(url: str) -> Ticket:
    read = read_ticket(url.partition("?")[2])
    assert read is not None
    return read[0]


def room_of_two(settings: ServerSettings | None = None) -> FakeCore:
    core = FakeCore(settings)
    core.create("agent")
    core.join("kiosk")
    return core


# -- who is given what ----------------------------------------------------------


def test_whoever_asks_for_tickets_is_given_them_and_others_are_not() -> None:
    core = room_of_two()

    for tickets in (True, False):
        urls = [core.push_url("kiosk", tickets=tickets)]
        urls += core.members("kiosk", tickets=tickets).values()
        wire = msg.GetRoomList(tickets=tickets).to_wire()
        listed = str(core.ask("get_room_list", wire, user="kiosk"))

        assert [is_ticket(url.partition("?")[2]) for url in urls] == [tickets] * 3
        assert ("txSecret" in listed) is not tickets


def test_without_a_login_nobody_is_given_a_ticket() -> None:
    core = FakeCore()
    wire = msg.GetPushUrl("kiosk", tickets=True).to_wire()

    assert "txSecret" in str(core.ask("get_push_url", wire)["pushURL"])


def test_a_server_of_tickets_alone_gives_them_unasked_and_none_without_a_login() -> (
    None
):
    core = styled(KeyStyle.TICKETS)
    core.create("agent")

    assert is_ticket(core.push_url("agent").partition("?")[2])
    assert is_ticket(core.members("agent")["agent"].partition("?")[2])
    assert core.ask("get_push_url", {"userID": "agent"})["code"] == 7
    assert core.members("")["agent"] == ""


def test_a_server_of_tickets_alone_refuses_keys_of_the_originals() -> None:
    both, core = FakeCore(), styled(KeyStyle.TICKETS)
    both.log_in("agent")

    reason = refused(publish(core, both.push_url("agent")))

    assert reason == "keys of form v2 are needed here"


def test_a_server_of_the_originals_form_gives_and_takes_no_tickets() -> None:
    both, core = FakeCore(), styled(KeyStyle.TENCENT)
    for one in (both, core):
        one.log_in("agent")

    reason = refused(publish(core, both.push_url("agent", tickets=True)))

    assert "txSecret" in core.push_url("agent", tickets=True)
    assert reason == "keys of form v2 are not taken here"


def test_a_cdn_that_judges_keys_itself_is_given_its_own_form() -> None:
    media = MediaSettings(MediaKind.TENCENT, "rtmp://1.livepush.example/live/{stream}")
    core = FakeCore(ServerSettings(media=media))
    core.log_in("agent")

    assert "txSecret" in core.push_url("agent", tickets=True)
    with pytest.raises(ValueError, match="tencent cannot verify keys of form v2"):
        ServerSettings(media=media, keys=KeyTerms(style=KeyStyle.TICKETS))


def test_a_ticket_names_its_user_and_room_by_digests() -> None:
    core = room_of_two()
    push = ticket_in(core.push_url("kiosk", "desk", tickets=True))
    pull = ticket_in(core.members("kiosk", tickets=True)["agent"])

    assert push.room == pull.room == tag_of("desk")
    assert push.holder == pull.holder == tag_of("kiosk")
    assert push.expires - push.not_before == 60


# -- pushing --------------------------------------------------------------------


def test_a_push_ticket_connects_once() -> None:
    core = FakeCore()
    core.log_in("agent")
    url = core.push_url("agent", tickets=True)

    admitted(publish(core, url))

    assert refused(publish(core, url)) == USED


def test_a_ticket_takes_a_seat_in_the_room_it_names_and_in_no_other() -> None:
    core = FakeCore()
    for room_id in ("one", "two"):
        core.create("agent", room_id)
    core.log_in("kiosk")
    url = core.push_url("kiosk", "one", tickets=True)
    elsewhere = msg.AddPusher("two", "kiosk", "kiosk", url).to_wire()
    new = msg.CreateRoom("kiosk", "Mine", "three", "k", "1", url).to_wire()

    assert core.ask("add_pusher", elsewhere, user="kiosk")["code"] == 1
    assert core.ask("create_room", new, user="kiosk")["code"] == 1
    core.join_at(url, "kiosk", "one")


def test_a_ticket_for_no_room_yet_opens_one() -> None:
    core = FakeCore()
    core.log_in("agent")
    url = core.push_url("agent", tickets=True)
    wire = msg.CreateRoom("agent", "Desk", "", "Agent", "1", url).to_wire()

    assert core.ask("create_room", wire, user="agent")["code"] == 0
    admitted(publish(core, url))


@pytest.mark.parametrize(
    "change",
    [
        lambda ticket: ticket._replace(holder=tag_of("other")),
        lambda ticket: ticket._replace(room=tag_of("other")),
    ],
)
def test_a_grant_of_another_user_or_room_is_no_tickets(
    change: Callable[[Ticket], Ticket],
) -> None:
    # Signed by us, so it can only be our own mistake; refused all the same.
    core = FakeCore()
    core.log_in("agent")
    url = core.push_url("agent", tickets=True)
    query = core.core.streams.keys.ring.signing.query(change(ticket_in(url)))

    reason = refused(publish(core, f"{url.partition('?')[0]}?{query}"))

    assert reason == "the key is for another user or room"


def test_a_spent_ticket_stays_spent_over_a_takeover_of_the_seat() -> None:
    core = room_of_two()
    url = core.push_url("kiosk", "desk", tickets=True)
    admitted(publish(core, url))
    core.join_at(url, "kiosk")

    assert refused(publish(core, url)) == USED


# -- playing --------------------------------------------------------------------


def test_a_play_ticket_is_no_push_ticket_and_the_other_way_round() -> None:
    core = room_of_two()
    push = core.push_url("agent", tickets=True)
    pull = core.members("kiosk", tickets=True)["agent"]

    assert refused(play(core, push)) == "the key is for something else"
    assert refused(publish(core, pull)) == "the key is for something else"


def test_a_member_may_play_again_with_one_ticket_while_it_is_in_time() -> None:
    core = room_of_two()
    url = core.members("kiosk", tickets=True)["agent"]

    admitted(play(core, url))
    admitted(play(core, url))


def test_whoever_left_plays_no_more_and_is_put_out() -> None:
    core = room_of_two()
    url = core.members("kiosk", tickets=True)["agent"]
    permit = admitted(play(core, url))
    reviews = core.relay.reviews

    leave = msg.DeletePusher("desk", "kiosk").to_wire()
    core.ask("delete_pusher", leave, user="kiosk")

    assert refused(play(core, url)) == permit() == MEMBERS_ONLY
    assert core.relay.reviews > reviews


def test_who_is_about_to_join_plays_until_the_last_seat_is_taken() -> None:
    core = FakeCore()
    core.create("agent")
    for user in ("kiosk", "late"):
        core.log_in(user)
    core.push_url("late")
    url = core.members("late", tickets=True)["agent"]
    permit = admitted(play(core, url))

    core.join("kiosk")

    assert refused(play(core, url)) == permit() == MEMBERS_ONLY


def test_the_audience_of_a_live_room_plays_while_it_is_there() -> None:
    core = FakeCore()
    core.log_in("agent")
    url = core.push_url("agent")
    made = msg.CreateRoom("agent", "Show", "show", "Agent", "1", url).to_wire()
    core.ask("create_room", made, user="agent", folder="live_room")
    core.log_in("viewer")
    watch = msg.AddAudience("show", "viewer", "").to_wire()
    core.ask("add_audience", watch, user="viewer", folder="live_room")
    wire = msg.GetPushers("show", tickets=True).to_wire()
    told = core.ask("get_pushers", wire, user="viewer", folder="live_room")
    pushers = told["pushers"]
    assert isinstance(pushers, list)
    permit = admitted(play(core, pushers[0]["accelerateURL"]))

    gone = msg.DeleteAudience("show", "viewer").to_wire()
    core.ask("delete_audience", gone, user="viewer", folder="live_room")

    assert permit() == MEMBERS_ONLY


def test_a_ticket_of_another_room_plays_nothing() -> None:
    core = room_of_two()
    url = core.members("kiosk", tickets=True)["agent"]
    other = ticket_in(url)._replace(room=tag_of("other"))
    query = core.core.streams.keys.ring.signing.query(other)

    reason = refused(play(core, f"{url.partition('?')[0]}?{query}"))

    assert reason == "the key is for another room"


def test_a_trial_stream_is_tried_with_tickets_where_there_is_nothing_else() -> None:
    core = styled(KeyStyle.TICKETS)
    urls = core.ask("get_test_pushurl", method="GET", folder="utils")

    admitted(publish(core, str(urls["url_push"])))
    permit = admitted(play(core, str(urls["url_play_acc"])))
    newest = core.ask("get_test_rtmpaccurl", method="GET", folder="utils")
    admitted(play(core, str(newest["url_rtmpacc"])))
    core.clock.move(121)
    core.sweep()
    permit()
    core.clock.move(1)
    assert permit() == "the stream was not issued, or its seat was given up"


# -- time -----------------------------------------------------------------------


def test_a_ticket_opens_nothing_two_and_a_half_minutes_later() -> None:
    core = room_of_two()
    push = core.push_url("agent", tickets=True)
    pull = core.members("kiosk", tickets=True)["agent"]
    core.clock.unix += 60 + 90 + 1

    assert refused(publish(core, push)) == "the key is expired"
    assert refused(play(core, pull)) == "the key is expired"


@pytest.mark.parametrize("off", [-90, 60 + 90])
def test_a_clock_that_is_90_s_off_is_borne_once(off: int) -> None:
    core = room_of_two()
    push = core.push_url("agent", tickets=True)
    pull = core.members("kiosk", tickets=True)["agent"]
    core.clock.unix += off

    for asked, url in ((publish, push), (play, pull)):
        admitted(asked(core, url))
        assert refused(asked(core, url)) == USED


def test_tickets_out_of_time_are_remembered_as_long_as_they_could_be_used() -> None:
    core = room_of_two()
    strays = core.core.streams.strays
    play_urls = [core.members("kiosk", tickets=True)["agent"] for _ in range(3)]
    core.clock.move(61)
    for url in play_urls:
        admitted(play(core, url))
    kept = len(strays)
    core.clock.move(90)
    core.sweep()

    assert (kept, len(strays)) == (3, 0)


def test_above_a_bound_no_clock_is_borne_and_tickets_in_time_still_work() -> None:
    core = room_of_two()
    strays = core.core.streams.strays
    some = ticket_in(core.members("kiosk", tickets=True)["agent"])
    now = core.clock.unix + 61
    let_in = sum(
        strays.admit(some._replace(jti=f"{number:016}"), now)
        for number in range(MAX_STRAYS + 3)
    )

    assert let_in == MAX_STRAYS
    admitted(play(core, core.members("kiosk", tickets=True)["agent"]))


@pytest.mark.parametrize("tickets", [True, False])
def test_a_connection_lasts_eight_hours_at_most(tickets: bool) -> None:
    core = room_of_two()
    push = admitted(publish(core, core.push_url("agent", tickets=tickets)))
    pull = admitted(play(core, core.members("kiosk", tickets=tickets)["agent"]))
    core.clock.monotonic += 8 * 3600 - 1
    before = pull()
    core.clock.monotonic += 1

    over = "the connection has lasted as long as it may"
    assert before == ""
    assert push() == pull() == over


def test_a_jump_of_the_wall_clock_ends_no_connection() -> None:
    core = room_of_two()
    permit = admitted(play(core, core.members("kiosk", tickets=True)["agent"]))

    for jump in (3600 * 24 * 450, -3600 * 24 * 900):
        core.clock.unix += jump
        core.sweep()

        assert permit() == ""


# -- keys -----------------------------------------------------------------------


def test_a_new_key_ends_no_connection_and_voids_no_ticket_under_way() -> None:
    core = room_of_two()
    url = core.members("kiosk", tickets=True)["agent"]
    permit = admitted(play(core, url))

    core.core.streams.keys.ring.rotate()

    assert permit() == ""
    admitted(play(core, url))
    newer = core.members("kiosk", tickets=True)["agent"]
    assert ticket_in(newer).kid != ticket_in(url).kid
    admitted(play(core, newer))


def test_a_revoked_key_ends_what_it_let_in_and_opens_nothing_more() -> None:
    core = room_of_two()
    push = admitted(publish(core, core.push_url("agent", tickets=True)))
    url = core.members("kiosk", tickets=True)["agent"]
    pull = admitted(play(core, url))
    originals = admitted(play(core, core.members("kiosk")["agent"]))

    core.core.streams.keys.ring.revoke(ticket_in(url).kid)

    revoked = "the key was revoked"
    assert refused(play(core, url)) == push() == pull() == revoked
    assert originals() == ""
    admitted(play(core, core.members("kiosk", tickets=True)["agent"]))
