"""
Closing a port without losing sight of who has just come.

asyncio accepts in one turn of the event loop and makes the connection in the next; a
server closed in between drops what was accepted, open, and nobody ever closes it.
"""

from __future__ import annotations

import asyncio


async def close_port(server: asyncio.Server) -> None:
    """Accept no more, let in who was accepted (to be ended by the caller), close."""
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    await asyncio.sleep(0)
    server.close()
