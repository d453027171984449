"""
What the commands of ``kiosk`` start; each is imported when it is started.

Tests put their own in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.errors import ConfigError


if TYPE_CHECKING:
    from kiosk.config.schema import KioskConfig
    from kiosk.config.server_schema import ServerConfig
    from kiosk.demo.options import DemoOptions


class Programs:
    """What the commands start; each is imported when it is started."""

    def run(self, config: KioskConfig, problem: ConfigError | None) -> int:
        """Run a kiosk; return the exit status."""
        from kiosk import app

        return app.run(config, problem=problem)

    def serve(self, config: ServerConfig, on_ready: Callable[[str, str], None]) -> int:
        """Run the room server; ``on_ready`` gets the URLs of room service and relay."""
        from kiosk import app

        return app.serve(config, lambda at: on_ready(at.http_url, at.rtmp_url))

    def call_echo(self, config: KioskConfig, seconds: float) -> dict[str, object]:
        """Call the echo room with the configured devices; return the record."""
        from kiosk import app

        return app.call_echo(config, seconds)

    def make_ca(self, folder: Path, names: Sequence[str]) -> Sequence[str]:
        """Make a certificate of one's own; return what to do with it, in lines."""
        from kiosk import app

        return app.make_ca(folder, names)

    def enrol(self, config: ServerConfig, user_ids: Sequence[str]) -> Sequence[str]:
        """Give users fresh keys; return what to do with them, in lines."""
        from kiosk import app

        return app.enrol(config, user_ids)

    def ban(self, config: ServerConfig, user_ids: Sequence[str]) -> Sequence[str]:
        """Shut users out; return what was done, in lines."""
        from kiosk import app

        return app.ban(config, user_ids)

    def demo(self, options: DemoOptions) -> int:
        """Run the demonstration."""
        from kiosk.demo.run import run_demo

        return run_demo(options)
