"""
The room service over HTTP: carries out what :mod:`kiosk.room` decides.

It may not decide anything itself: what to ask, repeat and conclude is in the
pure scripts; here are sockets, deadlines, limits and tasks.
"""

from kiosk.roomclient.exchange import HttpExchange
from kiosk.roomclient.notices import peer_of
from kiosk.roomclient.service import HttpRoomService, new_room_service


__all__ = ["HttpExchange", "HttpRoomService", "new_room_service", "peer_of"]
