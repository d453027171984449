"""What the machine orders about a still picture, carried out."""

from __future__ import annotations

from functools import partial

from kiosk.call import commands as do
from kiosk.daemon.face import Face
from kiosk.daemon.scope import CallScope
from kiosk.daemon.work import Work
from kiosk.ports import StillScene
from kiosk.room.still_requests import StillWord


StillOrder = do.AskCustomer | do.TakeStill | do.RefuseStill | do.EndQuestion


def carry_out(order: StillOrder, scope: CallScope, face: Face, work: Work) -> None:
    """Show the question or its end; begin to take a still, or to refuse one."""
    match order:
        case do.AskCustomer(user_id):
            scope.stills.owe()
            face.ask_for_still(user_id)
        case do.TakeStill():
            face.say_of_still(StillScene.SENDING)
            work.begin(partial(scope.stills.take, scope.pusher))
        case do.RefuseStill(_, why):
            work.begin(partial(scope.stills.refuse, StillWord[why.name]))
        case do.EndQuestion():
            face.say_of_still(StillScene.NONE)
