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
    from kiosk.app.first_display import FirstDisplay, Kernels
    from kiosk.app.fleet_desk import FleetDesk
    from kiosk.app.provisioning import OnMachine
    from kiosk.app.updating import Updater
    from kiosk.config.load import Loaded
    from kiosk.config.schema import KioskConfig
    from kiosk.config.server_schema import ServerConfig
    from kiosk.demo.options import DemoOptions
    from kiosk.pull.puller import Pulled

    Read = Callable[[], tuple[Loaded[KioskConfig], ConfigError | None]]


class Programs:
    """
    What the commands start; each is imported when it is started.

    Args:
        kernels: Where a kiosk's card comes from, instead of ``/dev/dri``; a
            ``kiosk.app.first_display.Kernels``.

    """

    def __init__(self, kernels: Kernels | None = None) -> None:
        self._kernels = kernels

    def first_display(self, file: Path | None) -> FirstDisplay | None:
        """Light the display with its first picture, where a card is configured."""
        from kiosk import app

        lit: FirstDisplay | None = app.light_display(file, self._kernels)
        return lit

    def run(
        self,
        config: KioskConfig,
        problem: ConfigError | None,
        on_page: Callable[[str], None],
        first: FirstDisplay | None = None,
        read: Read | None = None,
    ) -> int:
        """
        Run a kiosk.

        Args:
            config: What the kiosk is told.
            problem: What is wrong with it.
            on_page: Gets the address of its simulator page, if any.
            first: Its display, where that is lit.
            read: Reads the configuration anew; by default nobody can have that done.

        """
        from kiosk import app

        return app.run(config, problem=problem, on_page=on_page, first=first, read=read)

    def serve(
        self, config: ServerConfig, on_ready: Callable[[str, str, str], None]
    ) -> int:
        """Run the room server; told the URLs of room service, relay and desk, if any."""
        from kiosk import app

        return app.serve(
            config, lambda at: on_ready(at.http_url, at.rtmp_url, at.beside)
        )

    def call_echo(self, config: KioskConfig, seconds: float) -> dict[str, object]:
        """Call the echo room with the configured devices; return the record."""
        from kiosk import app

        return app.call_echo(config, seconds)

    def examine(
        self,
        file: Path | None,
        *,
        deep: bool,
        say: Callable[[str, dict[str, str]], None],
    ) -> int:
        """Look at everything a technician would; ``say`` gets each check."""
        from kiosk import app

        return app.examine(file, deep=deep, say=say)

    def support_bundle(
        self, file: Path | None, out: Path | None, days: int
    ) -> tuple[Path, list[str]]:
        """Write the support bundle; return where it is, and what is not in it."""
        from kiosk import app

        return app.support_bundle(file, out, days)

    def make_ca(self, folder: Path, names: Sequence[str]) -> Sequence[str]:
        """Make a certificate of one's own; return what to do with it, in lines."""
        from kiosk import app

        return app.make_ca(folder, names)

    def new_agent(self, agent_id: str) -> Sequence[str]:
        """Ask for an agent's password; return what lets him in, in lines."""
        from kiosk import app

        return app.new_agent(agent_id)

    def enrol(self, config: ServerConfig, user_ids: Sequence[str]) -> Sequence[str]:
        """Give users fresh keys; return what to do with them, in lines."""
        from kiosk import app

        return app.enrol(config, user_ids)

    def ban(self, config: ServerConfig, user_ids: Sequence[str]) -> Sequence[str]:
        """Shut users out; return what was done, in lines."""
        from kiosk import app

        return app.ban(config, user_ids)

    def fleet(self) -> FleetDesk:
        """Return the operator's desk."""
        from kiosk.app.fleet_desk import FleetDesk

        return FleetDesk()

    def pull(self, root: Path) -> Pulled | None:
        """Look once at the provisioning server, where one is configured."""
        from kiosk.app.pulling import pull

        return pull(root)

    def provisioning(self, root: Path) -> OnMachine:
        """Return what sets a machine up whose files are below ``root``."""
        from kiosk.app.provisioning import OnMachine

        return OnMachine(root)

    def start_provisioning(self, root: Path) -> bool:
        """Do what a start of the machine needs; return whether it all went well."""
        from kiosk.app.provision_start import start_on

        return start_on(root, lambda: self.provisioning(root))

    def screens(self) -> Sequence[str]:
        """Return the names of all screens there are pictures of."""
        from kiosk import app

        return app.screens()

    def snapshot(
        self,
        config: KioskConfig | None,
        screen: str,
        language: str | None,
        size: tuple[int, int],
        path: Path,
    ) -> None:
        """Write the picture of a screen; a ``ValueError`` says what is unknown."""
        from kiosk import app

        app.snapshot(config, screen, language, size, path)

    def updater(self, file: Path | None) -> Updater:
        """Return what updates this machine."""
        from kiosk.app.updating import updater_of

        return updater_of(file)

    def pack_update(
        self,
        payload: Path,
        target: Path,
        *,
        version: str,
        boards: Sequence[str],
        keys: Sequence[Path],
        passphrase: Path | None,
        ring: int,
    ) -> str:
        """Make a signed update; return what it is, in one line."""
        from kiosk.app.update_packing import pack_update

        return pack_update(
            payload,
            target,
            version=version,
            boards=boards,
            keys=keys,
            passphrase=passphrase,
            ring=ring,
        )

    def demo(self, options: DemoOptions) -> int:
        """Run the demonstration."""
        from kiosk.demo.run import run_demo

        return run_demo(options)
