"""What the command line would have started, and a daemon that it talks to."""

from __future__ import annotations

import os
from collections.abc import Callable

from kiosk.app.first_display import FirstDisplay
from kiosk.config.schema import KioskConfig
from kiosk.config.server_schema import ServerConfig
from kiosk.demo.options import DemoOptions
from kiosk.errors import ConfigError
from kiosk.programs import Programs


class FakePrograms(Programs):
    """Keeps what would have been started."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.kiosks: list[tuple[KioskConfig, ConfigError | None]] = []
        self.servers: list[ServerConfig] = []
        self.demos: list[DemoOptions] = []
        self.echo_calls: list[tuple[KioskConfig, float]] = []
        self.verdict = "good"
        super().__init__()
        self._failure = failure

    def run(  # type: ignore[explicit-override]
        self,
        config: KioskConfig,
        problem: ConfigError | None,
        on_page: Callable[[str], None],
        first: FirstDisplay | None = None,
        read: object = None,
    ) -> int:
        self.kiosks.append((config, problem))
        if config.display.device == "simulator":
            on_page("http://127.0.0.1:7/token/")
        return self._end()

    def serve(  # type: ignore[explicit-override]
        self, config: ServerConfig, on_ready: Callable[[str, str, str], None]
    ) -> int:
        self.servers.append(config)
        on_ready("http://127.0.0.1:1", "rtmp://127.0.0.1:2", "")
        return self._end()

    def call_echo(self, config: KioskConfig, seconds: float) -> dict[str, object]:  # type: ignore[explicit-override]
        self.echo_calls.append((config, seconds))
        return {"verdict": self.verdict, "sound_delay_ms": None, "pictures_sent": 7}

    def demo(self, options: DemoOptions) -> int:  # type: ignore[explicit-override]
        self.demos.append(options)
        return self._end()

    def _end(self) -> int:
        if self._failure is not None:
            raise self._failure
        return os.EX_OK
