"""What is told about a peer, and when its picture is taken away."""

from __future__ import annotations

from kiosk.media.presence import Presence, Verdict
from kiosk.ports import MediaFact, Micros, PeerResumed, PeerSilent, PeerStarted


def at(seconds: float) -> Micros:
    return Micros(round(seconds * 1_000_000))


STARTED: MediaFact = PeerStarted("a")
SOUND_ONLY: MediaFact = PeerStarted("a", with_picture=False)
NOTHING = Verdict()


def test_the_first_picture_starts_a_peer_and_the_second_is_no_news() -> None:
    presence = Presence("a")

    assert presence.picture_shown(at(1)) == (STARTED,)
    assert presence.picture_shown(at(1.03)) == ()


def test_nothing_is_told_of_a_peer_that_never_sent_anything() -> None:
    presence = Presence("a")

    assert presence.look(at(9), None, None) == NOTHING


def test_a_second_of_sound_alone_starts_a_peer_without_a_picture() -> None:
    presence = Presence("a")

    assert presence.look(at(1.5), at(1.5), at(1)) == NOTHING
    assert presence.look(at(2.1), at(2.1), at(1)) == Verdict(SOUND_ONLY)
    assert presence.look(at(2.2), at(2.2), at(1)) == NOTHING


def test_a_picture_that_comes_late_is_told_too() -> None:
    presence = Presence("a")
    presence.look(at(3), at(3), at(1))

    assert presence.picture_shown(at(4)) == (STARTED,)


def test_a_second_of_nothing_is_silence_and_hides_the_picture() -> None:
    presence = Presence("a")
    presence.picture_shown(at(1))

    assert presence.look(at(2), at(1), None) == NOTHING
    assert presence.look(at(2.1), at(1), None) == Verdict(PeerSilent("a"), hide=True)
    assert presence.look(at(2.2), at(1), None) == NOTHING


def test_a_picture_ends_the_silence() -> None:
    presence = Presence("a")
    presence.picture_shown(at(1))
    presence.look(at(3), at(1), None)

    assert presence.picture_shown(at(4)) == (PeerResumed("a"),)


def test_sound_alone_ends_the_silence_after_a_second_without_a_picture() -> None:
    presence = Presence("a")
    presence.picture_shown(at(1))
    presence.look(at(3), at(1), at(1))

    told = [presence.look(at(t), at(t), at(1)) for t in (4.0, 4.5, 5.1, 5.2, 5.3)]

    assert [verdict.fact for verdict in told] == [
        None,
        None,
        PeerResumed("a"),
        SOUND_ONLY,
        None,
    ]


def test_a_picture_that_stands_still_while_sound_goes_on_is_hidden() -> None:
    presence = Presence("a")
    presence.picture_shown(at(1))

    assert presence.look(at(2.9), at(2.9), at(1)) == NOTHING
    assert presence.look(at(3.1), at(3.1), at(1)) == Verdict(SOUND_ONLY, hide=True)
    assert presence.picture_shown(at(5)) == (STARTED,)


def test_a_sound_only_peer_that_was_silent_and_comes_with_a_picture_tells_both() -> (
    None
):
    presence = Presence("a")
    presence.look(at(3), at(3), at(1))
    presence.look(at(5), at(3), at(1))

    assert presence.picture_shown(at(6)) == (PeerResumed("a"), STARTED)


def test_the_picture_of_the_stream_before_goes_when_nothing_follows() -> None:
    presence = Presence("a", shown_at=at(1))

    assert presence.look(at(1.5), None, None) == NOTHING
    assert presence.look(at(2.1), None, None) == Verdict(hide=True)
    assert presence.look(at(2.2), None, None) == NOTHING


def test_the_picture_of_the_stream_before_goes_when_only_sound_follows() -> None:
    presence = Presence("a", shown_at=at(1))

    assert presence.look(at(3.1), at(3.1), at(3)) == Verdict(hide=True)


def test_a_stream_a_peer_moved_to_that_never_comes_is_silence() -> None:
    presence = Presence("a", follows=True)

    assert presence.look(at(1), None, None) == NOTHING
    assert presence.look(at(4), None, None) == NOTHING
    assert presence.look(at(4.1), None, None) == Verdict(PeerSilent("a"))
    assert presence.look(at(9), None, None) == NOTHING


def test_a_stream_that_comes_late_ends_that_silence() -> None:
    presence = Presence("a", follows=True)
    presence.look(at(1), None, None)
    presence.look(at(5), None, None)

    assert presence.picture_shown(at(6)) == (PeerResumed("a"), STARTED)
    assert presence.look(at(7.1), at(6), None) == Verdict(PeerSilent("a"), hide=True)


def test_so_does_its_sound_alone() -> None:
    presence = Presence("a", follows=True)
    presence.look(at(1), None, None)
    presence.look(at(5), None, None)

    assert presence.look(at(7.1), at(7), at(6)) == Verdict(SOUND_ONLY)
    assert presence.look(at(8.1), at(7), at(6)) == Verdict(PeerSilent("a"))


def test_a_picture_that_came_late_is_hidden_the_sooner() -> None:
    presence = Presence("a")
    presence.picture_shown(at(5), 1_400_000)

    assert presence.look(at(5.5), at(5.5), at(1)) == NOTHING
    assert presence.look(at(5.7), at(5.7), at(1)) == Verdict(SOUND_ONLY, hide=True)


def test_too_old_a_picture_is_refused_and_then_all_but_fresh_ones() -> None:
    presence = Presence("a")

    looks_us = (1_400_000, 1_600_000, 1_400_000, 900_000, 1_400_000)
    assert [presence.accepts(late_us) for late_us in looks_us] == [
        True,
        False,
        False,
        True,
        True,
    ]
