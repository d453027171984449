from __future__ import annotations

from dataclasses import replace

from kiosk.room.event_batch import sort_events
from kiosk.room.member_list import MAX_MEMBERS, RETURN_S, MemberList, shown_name
from kiosk.room.messages import EventKind, Member
from kiosk.room.script import Fact, MemberJoined, MemberLeft, MemberMoved
from tests.fakes.room_answers import ANNA, BERT, ME, event, events, member


NOW = 50.0


def look(
    kept: MemberList, *members: Member, now: float = NOW, **expired: bool
) -> list[Fact]:
    return kept.take_look(kept.begin_look(), members, now, expired)


def test_everybody_but_ourselves_has_joined() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])

    assert kept.all_joined() == [MemberJoined(ANNA)]


def test_a_look_tells_departures_then_moves_then_arrivals() -> None:
    kept = MemberList("kiosk7", [ANNA, BERT, ME])
    moved = member("bert", "s9")
    carl = member("carl", "s3")

    told = look(kept, carl, moved, ME)

    assert told == [MemberLeft("anna"), MemberMoved(moved), MemberJoined(carl)]


def test_a_look_that_was_overtaken_counts_for_nothing() -> None:
    kept = MemberList("kiosk7", [ME])
    early = kept.begin_look()
    late = kept.begin_look()
    kept.take_look(late, [ANNA, ME], NOW, {})

    told = kept.take_look(early, [ME], NOW, {})

    assert told == []


def test_a_look_asked_for_before_an_event_does_not_bring_the_member_back() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])
    under_way = kept.begin_look()
    kept.drop("anna", expired=True)

    told = kept.take_look(under_way, [ANNA, ME], NOW, {})

    assert told == []


def test_our_own_stream_is_nobody_elses() -> None:
    loop = member("anna", "s7")
    kept = MemberList("kiosk7", [loop, BERT], "rtmp://relay/live/s7?txSecret=aa")

    assert kept.all_joined() == [MemberJoined(BERT)]
    assert look(kept, ANNA, BERT, ME) == [MemberJoined(ANNA)]


def test_a_list_with_our_stream_in_it_is_looked_at_again() -> None:
    kept = MemberList("kiosk7", [member("anna", "s7")], "rtmp://relay/live/s7?k=1")
    assert kept.wants_look(NOW)

    look(kept, ANNA, ME)

    assert not kept.wants_look(NOW)


def test_a_member_whose_stream_became_ours_is_played_from_where_it_was() -> None:
    kept = MemberList("kiosk7", [ANNA, ME], "rtmp://relay/live/s7?txSecret=aa")
    kept.publish("rtmp://relay/live/s8?txSecret=bb")

    assert look(kept, member("anna", "s7"), ME) == []
    assert look(kept, member("anna", "s8"), ME) == []
    assert kept.play_url("anna") == ANNA.play_url


def test_an_event_says_why_a_member_is_gone() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])

    assert kept.drop("anna", expired=True) == [MemberLeft("anna", expired=True)]


def test_an_event_about_nobody_we_know_tells_nothing() -> None:
    kept = MemberList("kiosk7", [ME])

    assert kept.drop("anna", expired=False) == []
    assert kept.drop("kiosk7", expired=True) == []


def test_a_look_uses_the_reason_an_event_gave() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])

    assert look(kept, ME, anna=True) == [MemberLeft("anna", expired=True)]


def test_after_our_own_loss_an_absence_is_not_believed_at_once() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])
    kept.wait_for_returns(NOW)

    told = look(kept, ME, now=NOW + RETURN_S - 1)

    assert told == []
    assert kept.has("anna")
    assert not kept.wants_look(NOW + RETURN_S - 1)


def test_after_our_own_loss_an_event_is_believed() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])
    kept.wait_for_returns(NOW)

    told = look(kept, ME, now=NOW + 1, anna=False)

    assert told == [MemberLeft("anna", expired=False)]


def test_a_peer_that_does_not_come_back_in_time_did_not_hang_up() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])
    kept.wait_for_returns(NOW)
    assert kept.wants_look(NOW + RETURN_S)

    told = look(kept, ME, now=NOW + RETURN_S)

    assert told == [MemberLeft("anna", expired=True)]
    assert not kept.wants_look(NOW + RETURN_S)


def test_a_play_url_that_is_withheld_is_no_move() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])

    told = look(kept, replace(ANNA, play_url=""), ME)

    assert told == []


def test_a_member_that_cannot_be_played_has_not_joined_yet() -> None:
    kept = MemberList("kiosk7", [ME])

    assert look(kept, replace(ANNA, play_url=""), ME) == []
    assert look(kept, ANNA, ME) == [MemberJoined(ANNA)]


def test_absurdly_many_members_are_not_believed() -> None:
    crowd = [member(f"u{n}", f"s{n}") for n in range(10_000)]
    kept = MemberList("kiosk7")

    told = look(kept, *crowd)

    assert len(told) == MAX_MEMBERS


def test_a_look_without_us_or_with_us_twice_tells_nothing() -> None:
    kept = MemberList("kiosk7", [ANNA, ME])

    assert look(kept, ANNA) == []
    assert look(kept, ME, ANNA, ME) == []


def test_a_member_without_a_name_is_called_by_its_id() -> None:
    kept = MemberList("kiosk7", [ANNA, BERT])

    names = [kept.name_of(user_id) for user_id in ("anna", "bert", "carl")]

    assert names == ["Anna", "bert", "carl"]


def test_a_strangers_name_cannot_draw_on_the_screen() -> None:
    odd = member("anna", "s1", "A\x1b[2J\nB\u202e" + "x" * 5000)

    name = shown_name(odd)

    assert name.startswith("A [2J B x")
    assert len(name) <= 1024
    assert shown_name(member("bert", "s1", "\x00")) == "bert"


def test_events_already_heard_are_nothing_new() -> None:
    answer = events(event(3, EventKind.LEFT), seq=3)

    batch = sort_events(answer, after=3, known_digest="")

    assert not batch.fresh
    assert batch.gone == {}
    assert not batch.changed


def test_departures_carry_their_reason() -> None:
    answer = events(
        event(4, EventKind.LEFT, "anna"), event(5, EventKind.EXPIRED, "bert"), seq=5
    )

    batch = sort_events(answer, after=3, known_digest="")

    assert batch.gone == {"anna": False, "bert": True}
    assert batch.seq == 5
    assert not batch.changed


def test_an_arrival_needs_a_look() -> None:
    answer = events(event(4, EventKind.PUSHERS_CHANGED), seq=4)

    assert sort_events(answer, after=3, known_digest="").changed


def test_a_missing_number_needs_a_look_where_nothing_else_tells() -> None:
    gap = events(event(5, EventKind.TEXT), seq=5)
    whole = events(event(4, EventKind.TEXT), seq=4)

    assert sort_events(gap, after=3, known_digest="").changed
    assert not sort_events(whole, after=3, known_digest="").changed


def test_another_digest_needs_a_look_and_the_same_does_not() -> None:
    answer = events(event(5, EventKind.TEXT), seq=5, digest="abc")

    assert sort_events(answer, after=3, known_digest="xyz").changed
    assert not sort_events(answer, after=3, known_digest="abc").changed


def test_after_a_resync_the_servers_number_counts_even_if_lower() -> None:
    batch = sort_events(events(seq=1, resync=True), after=9, known_digest="")

    assert batch.seq == 1
    assert batch.changed
    assert batch.fresh


def test_texts_and_lost_streams_keep_their_order() -> None:
    told = (event(4, EventKind.STREAM_LOST), event(5, EventKind.TEXT))

    batch = sort_events(events(*told, seq=5), after=3, known_digest="")

    assert batch.told == told


def test_the_end_of_a_room_is_seen() -> None:
    answer = events(event(4, EventKind.ROOM_CLOSED, ""), seq=4)

    assert sort_events(answer, after=3, known_digest="").closed
