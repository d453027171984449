"""An HTTP client of our server without a port: whole requests in, answers out."""

from __future__ import annotations

from kiosk.app.inside_transport import InsideTransport
from kiosk.roomserver.http_message import Answering


class HttpInMemory(InsideTransport):
    """Asks an application directly; ``client`` is where from."""

    def __init__(
        self, app: Answering, client: tuple[str, int] = ("127.0.0.1", 123)
    ) -> None:
        super().__init__(app, client[0])
