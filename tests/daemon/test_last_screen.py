"""The last screen of a call names it, and the recording notice follows the server."""

from __future__ import annotations

from kiosk.call.states import State
from kiosk.ports import PeerLeft, RecordingChanged, ScreenName
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.paper_room import AGENT


async def test_the_reference_on_the_last_screen_is_the_one_in_the_record() -> None:
    async with running_kiosk(scatter=lambda: 0.5) as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))
        await kiosk.until_screen(ScreenName.ENDED)
        await kiosk.until(lambda: kiosk.daemon.last_call is not None, "a record")

        facts = kiosk.world.screens.last(ScreenName.ENDED)
        assert facts.reference == "G00-000"
        assert facts.talked_us > 0
        assert kiosk.daemon.last_call is not None
        assert kiosk.daemon.last_call.reference == "G00-000"


async def test_a_call_that_never_began_lasted_no_time() -> None:
    async with running_kiosk(answer=0.02) as kiosk:
        await kiosk.wait_in_room()
        await kiosk.until_screen(ScreenName.NO_ANSWER)

        assert kiosk.world.screens.last(ScreenName.NO_ANSWER).talked_us == 0


async def test_recording_is_shown_as_the_server_tells_it_and_not_in_the_next_call() -> (
    None
):
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        for is_on in (True, False, True):
            kiosk.world.room.tell(RecordingChanged(is_on))
            assert kiosk.world.screens.facts.recording is is_on

        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)
        await kiosk.wait_in_room()
        assert not kiosk.world.screens.facts.recording
