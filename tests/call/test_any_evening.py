"""Whatever arrives, in whatever order, the camera is open only in a call."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from typing_extensions import override

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES, DEVICES_OPEN, Role, State


ANY_EVENT = st.sampled_from(get_args(ev.Event)).flatmap(st.builds)


class AnyEvening(RuleBasedStateMachine):
    """Random facts, current and late, against the rules of the call."""

    role = Role.KIOSK
    consent = False

    def __init__(self) -> None:
        super().__init__()
        self.machine = CallMachine(self.role, consent=self.consent)
        self.camera_open = False
        self.in_room = False

    def meet(self, event: ev.Event) -> None:
        self.carry_out(self.machine.handle(event))

    def carry_out(self, todo: tuple[do.Command, ...]) -> None:
        for command in todo:
            match command:
                case do.Publish(call):
                    assert not self.camera_open
                    assert call == self.machine.call
                    self.camera_open = True
                case do.TakeSeat():
                    assert self.camera_open
                    self.in_room = True
                case do.Play() | do.MoveStream() | do.TakeStill():
                    assert self.camera_open
                case do.StopMedia():
                    self.camera_open = False
                case do.LeaveRoom():
                    assert not self.camera_open
                    self.in_room = False
                case _:
                    pass

    @rule(event=ANY_EVENT)
    def something_happens(self, event: ev.Event) -> None:
        self.meet(event)

    @rule(kind=st.sampled_from(get_args(ev.Event)), data=st.data())
    def something_of_this_call_happens(
        self, kind: type[ev.Event], data: st.DataObject
    ) -> None:
        fields = getattr(kind, "__dataclass_fields__", {})
        fixed: dict[str, st.SearchStrategy[int]] = (
            {"call": st.just(self.machine.call)} if "call" in fields else {}
        )
        event: Any = data.draw(st.builds(kind, **fixed))
        self.meet(event)

    @rule()
    def the_customer_hangs_up(self) -> None:
        self.meet(ev.HangupPressed())

        assert not self.in_room
        assert not self.camera_open

    @invariant()
    def the_camera_is_open_in_a_call_and_nowhere_else(self) -> None:
        assert self.camera_open == (self.machine.state in DEVICES_OPEN)

    @invariant()
    def a_muted_microphone_belongs_to_a_call(self) -> None:
        assert not self.machine.muted or self.machine.state in CALL_STATES


class AnyAgentsEvening(AnyEvening):
    """The same rules hold for the agent's kiosk."""

    role = Role.AGENT


class AnyEveningWithConsent(AnyEvening):
    """The same, and nothing begins before the customer was asked and agreed."""

    consent = True

    def __init__(self) -> None:
        super().__init__()
        self.agreed = False

    @override
    def meet(self, event: ev.Event) -> None:
        if self.machine.state is State.CONSENT and isinstance(event, ev.CallPressed):
            self.agreed = True
        if isinstance(event, ev.Resumed):
            self.agreed = True  # before the crash, or there were no call to resume
        super().meet(event)
        if self.machine.state not in CALL_STATES:
            self.agreed = False

    @invariant()
    def nobody_is_called_for_a_customer_who_has_not_agreed(self) -> None:
        assert self.agreed == (self.machine.state in CALL_STATES)


TestAnyEvening = AnyEvening.TestCase
TestAnyEveningWithConsent = AnyEveningWithConsent.TestCase
TestAnyAgentsEvening = AnyAgentsEvening.TestCase
