"""Whatever happens in a room, who listens to its group ends up with what is so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.room import messages as msg
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.im_client import ImClient, joined_client, kinds
from tests.fakes.room_core import FakeCore


USERS = ("agent", "kiosk", "third")


class Listener:
    """What an original client believes: it looks when it hears 255, stops at 5."""

    def __init__(self, client: ImClient) -> None:
        self.client = client
        self.believes: set[str] | None = None
        self.look()

    def look(self) -> None:
        self.believes = set(self.client.core.members(self.client.user))

    def poll(self) -> None:
        for kind in kinds(self.client.hear()):
            if kind == 255:
                self.look()
            elif kind == 5:
                self.believes = None


class Scene:
    """A room of two seats, three users that come and go, and all of them listen."""

    def __init__(self, rule: CreatorLeaves) -> None:
        self.core = FakeCore(ServerSettings(creator_leaves=rule))
        self.core.create("agent")
        for user in USERS[1:]:
            self.core.log_in(user)
        self.listeners = {
            user: Listener(joined_client(self.core, user)) for user in USERS
        }

    def act(self, what: str, user: str) -> None:
        match what:
            case "join":
                url = self.core.push_url(user)
                wire = msg.AddPusher("desk", user, user, url).to_wire()
                self.core.ask("add_pusher", wire, user=user)
            case "leave":
                wire = msg.DeletePusher("desk", user).to_wire()
                self.core.ask("delete_pusher", wire, user=user)
            case "say":
                self.listeners[user].client.say("hello")
            case "poll":
                self.listeners[user].poll()
            case _:
                self._silence(user)

    def _silence(self, silent: str) -> None:
        """Let everybody beat but one, until that one has expired."""
        for _ in range(6):
            self.core.clock.move(5)
            for user in USERS:
                if user != silent:
                    self.core.beat(user)
            self.core.sweep()

    def members(self) -> set[str] | None:
        record = self.core.core.rooms.known("desk")
        return {seat.user_id for seat in record.seats} if record else None


@pytest.mark.hypothesis
@given(
    st.sampled_from(CreatorLeaves),
    st.lists(
        st.tuples(
            st.sampled_from(["join", "leave", "say", "poll", "silence"]),
            st.sampled_from(USERS),
            st.booleans(),
        ),
        max_size=40,
    ),
)
def test_every_listener_ends_up_with_the_members_there_are(
    rule: CreatorLeaves, acts: list[tuple[str, str, bool]]
) -> None:
    scene = Scene(rule)
    for what, user, heard in (*acts, ("poll", "agent", True)):
        scene.act(what, user)
        for listener in scene.listeners.values() if heard else ():
            listener.poll()

    for user, listener in scene.listeners.items():
        assert listener.believes == scene.members(), user
