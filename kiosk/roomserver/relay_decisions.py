"""
Who may publish or play: asked in a turn, so that a yes is written before it is told.

A key that is good once is used up by a yes.  Were it told first, a server killed
in that moment would take the same key again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from kiosk.roomserver.relay_peer import Peer, Request
from kiosk.roomserver.relay_terms import Authorize, Permit, Refusal
from kiosk.roomserver.store_ledger import ForgetfulLedger, StoreAway, Turns
from kiosk.rtmp.events import PublishRequested


log: Final = logging.getLogger(__name__)


class Decisions:
    """
    Asks those who decide.

    Args:
        authorize_publish: Decides on publishers.
        authorize_play: Decides on players.
        turns: In whose turn they are asked; by default at once.

    """

    def __init__(
        self,
        authorize_publish: Authorize,
        authorize_play: Authorize,
        turns: Turns | None,
    ) -> None:
        self._authorize_publish = authorize_publish
        self._authorize_play = authorize_play
        self._turns = turns or ForgetfulLedger()

    async def decide(
        self,
        peer: Peer,
        request: Request,
        answer: Callable[[Peer, Request, Permit | Refusal], None],
    ) -> None:
        """Tell ``answer`` what was decided, if the peer is still there."""
        try:
            permit = await self._permit(request)
            if not peer.is_over:
                answer(peer, request, permit)
        except Exception:
            # the outermost frame of this decision: nobody else may suffer
            log.exception("decision failed", extra={"peer": peer.address})
            peer.abort()

    async def _permit(self, request: Request) -> Permit | Refusal:
        publishes = isinstance(request, PublishRequested)
        authorize = self._authorize_publish if publishes else self._authorize_play
        asked = request.app, request.name, request.query
        try:
            return await self._turns.turn(lambda: authorize(*asked))
        except StoreAway as away:
            return Refusal(f"{away}: try again")
