"""A call with several others: who comes, who goes, and when it is over."""

from __future__ import annotations

from kiosk.call.states import State
from kiosk.ports import (
    Layer,
    LoudestChanged,
    Peer,
    PeerJoined,
    PeerLeft,
    PeerResumed,
    PeerSilent,
    PeerStarted,
    Received,
    ScreenName,
    TextReceived,
    Tile,
)
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.paper_room import AGENT


ANNA = Peer("anna", "Anna", "rtmp://127.0.0.1/live/anna?txSecret=x")
CARLA = Peer("carla", "Carla", "rtmp://127.0.0.1/live/carla?txSecret=x")
BRUNO = Peer("bruno", "Bruno", "rtmp://127.0.0.1/live/bruno?txSecret=x")


def playing(kiosk: RunningKiosk) -> dict[str, Layer]:
    player = kiosk.world.media.player
    return {u: layer for u, (_, layer) in player.playing.items()} if player else {}


async def join(kiosk: RunningKiosk, peer: Peer) -> None:
    kiosk.world.room.tell(PeerJoined(peer))
    await kiosk.until(lambda: peer.user_id in playing(kiosk), f"{peer.name} played")


async def talk_with_two(kiosk: RunningKiosk) -> None:
    await kiosk.talk()
    await join(kiosk, ANNA)
    kiosk.world.media.report(PeerStarted("anna"))


async def wait_for_one_and_answer_another(kiosk: RunningKiosk) -> None:
    await kiosk.talk()
    kiosk.world.media.report(PeerSilent(AGENT.user_id))
    await kiosk.reach(State.GRACE)
    await join(kiosk, ANNA)
    await kiosk.reach(State.ANSWERED)


async def test_everybody_is_played_on_a_layer_of_his_own() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        await join(kiosk, BRUNO)

        assert playing(kiosk) == {
            AGENT.user_id: Layer.BASE,
            "anna": Layer.SECOND,
            "bruno": Layer.THIRD,
        }


async def test_who_leaves_makes_room_for_who_comes_and_nobody_else_moves() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))
        await kiosk.until(lambda: len(playing(kiosk)) == 1, "one left")
        await join(kiosk, BRUNO)

        assert playing(kiosk) == {"anna": Layer.SECOND, "bruno": Layer.BASE}
        assert kiosk.state == State.IN_CALL.name


async def test_who_left_has_no_figures_of_the_last_second() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        there = [one["user_id"] for one in kiosk.daemon.status()["live"]["parties"]]
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))
        await kiosk.until(lambda: len(playing(kiosk)) == 1, "one left")
        left = [one["user_id"] for one in kiosk.daemon.status()["live"]["parties"]]

        assert (there, left) == ([AGENT.user_id, "anna"], ["anna"])


async def test_a_fourth_waits_until_one_of_three_leaves() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        await join(kiosk, BRUNO)
        kiosk.world.room.tell(PeerJoined(CARLA))
        await kiosk.until(lambda: len(kiosk.daemon.status()["peers"]) == 4, "four")
        assert len(playing(kiosk)) == 3

        kiosk.world.room.tell(PeerLeft("anna"))
        await kiosk.until(lambda: "carla" in playing(kiosk), "Carla played")
        assert playing(kiosk)["carla"] is Layer.SECOND


async def test_the_call_ends_when_the_last_one_hangs_up() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))
        await kiosk.until(lambda: len(playing(kiosk)) == 1, "one left")
        assert kiosk.state == State.IN_CALL.name

        kiosk.world.room.tell(PeerLeft("anna"))
        await kiosk.reach(State.ENDED)


async def test_one_silent_peer_among_two_changes_no_screen() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        kiosk.world.media.report(PeerSilent("anna"))
        await join(kiosk, BRUNO)

        assert kiosk.state == State.IN_CALL.name
        assert not kiosk.world.screens.saw(ScreenName.PEER_AWAY)


async def test_when_only_a_silent_peer_is_left_it_is_waited_for() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        kiosk.world.media.report(PeerSilent("anna"))
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))

        await kiosk.reach(State.GRACE)
        kiosk.world.media.report(PeerResumed("anna"))
        await kiosk.reach(State.IN_CALL)


async def test_a_peer_that_is_back_before_the_newcomer_is_seen_is_shown() -> None:
    async with running_kiosk() as kiosk:
        await wait_for_one_and_answer_another(kiosk)

        kiosk.world.media.report(PeerResumed(AGENT.user_id))
        await kiosk.reach(State.IN_CALL)


async def test_a_newcomer_who_leaves_unseen_leaves_the_silent_one_waited_for() -> None:
    async with running_kiosk() as kiosk:
        await wait_for_one_and_answer_another(kiosk)

        kiosk.world.room.tell(PeerLeft("anna"))
        await kiosk.reach(State.GRACE)


async def test_who_is_silent_while_somebody_joins_is_waited_for_meanwhile() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        await join(kiosk, ANNA)
        kiosk.world.media.report(PeerSilent(AGENT.user_id))
        await kiosk.reach(State.GRACE)

        kiosk.world.media.report(PeerStarted("anna"))
        await kiosk.reach(State.IN_CALL)


async def test_the_screen_says_where_everybody_is_and_what_comes() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        kiosk.world.media.report(PeerStarted(AGENT.user_id, with_picture=False))
        await join(kiosk, BRUNO)

        wanted = (
            Tile("Agent Wang", Layer.BASE, Received.SOUND),
            Tile("Anna", Layer.SECOND, Received.PICTURE),
            Tile("Bruno", Layer.THIRD, Received.NOTHING_YET),
        )
        await kiosk.until(lambda: kiosk.world.screens.facts.tiles == wanted, "tiles")


async def test_who_talks_is_on_the_screen_and_in_the_status() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)
        kiosk.world.media.report(LoudestChanged("anna"))

        facts = kiosk.world.screens.facts
        assert [tile.is_loudest for tile in facts.tiles] == [False, True]
        told = kiosk.daemon.status()["peers"]
        assert [(one["name"], one["loudest"]) for one in told] == [
            ("Agent Wang", False),
            ("Anna", True),
        ]
        assert told[1]["received"] == "picture"


async def test_the_silence_of_one_is_on_its_tile_until_it_is_back() -> None:
    async with running_kiosk() as kiosk:
        await talk_with_two(kiosk)

        kiosk.world.media.report(PeerSilent("anna"))
        assert kiosk.world.screens.facts.tiles[1].received is Received.SILENCE
        kiosk.world.media.report(PeerResumed("anna"))
        assert kiosk.world.screens.facts.tiles[1].received is Received.PICTURE


async def test_of_one_peer_no_screen_is_drawn_for_who_talks() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        drawn = len(kiosk.world.screens.shown)

        kiosk.world.media.report(LoudestChanged(AGENT.user_id))
        kiosk.world.media.report(LoudestChanged(""))

        assert len(kiosk.world.screens.shown) == drawn


async def test_among_several_a_text_says_whose_it_is() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(TextReceived(AGENT.user_id, "Agent Wang", "Hello"))
        assert kiosk.world.screens.facts.text == "Hello"

        await join(kiosk, ANNA)
        kiosk.world.room.tell(TextReceived("anna", "Anna", "Hello, too"))
        assert kiosk.world.screens.facts.text == "Anna: Hello, too"
