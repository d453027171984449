"""A wiped kiosk is nobody: no secret, no configuration, and no way in at the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.app.room_service import make_room_service
from kiosk.config.load import examine_kiosk
from kiosk.config.schema import KioskConfig
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.disk import Disk
from kiosk.errors import LoginRefused
from kiosk.provision.outcome import Origin
from kiosk.provision.start import start
from kiosk.provision.wiping import wipe
from tests.fakes.branch import Branch
from tests.provision.device import FILES, LAN, SECRETS, Device, files_below
from tests.provision.test_start import Recorded
from tests.signed.signer import Signer


def wiped(device: Device) -> tuple[str, ...]:
    return wipe(device.root, Disk(), lambda line: None)


def put(root: Path, place: str, mode: int = 0o644) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_text("something")
    (root / place).chmod(mode)


async def log_in(config: KioskConfig) -> str:
    async with make_room_service(config, MonotonicClock()) as room:
        return await room.log_in()


async def test_after_wiping_the_room_server_lets_the_kiosk_in_no_more(
    device: Device,
) -> None:
    with Branch() as branch:
        key = branch.enrol("window-1")[0]["enrolment_key"]
        file = str(branch.folder / "enrolled.toml")
        server = branch.start_server({"enrolment": {"file": file}})
        site = f'[room]\nserver = "{server.url}"\n'.encode()
        secrets = f'[room]\nenrolment_key = "{key}"\n'.encode()
        device.lay_out({**FILES, "site.toml": site, "secrets.toml": secrets})
        device.apply()
        before, problem = examine_kiosk(root=device.root)
        assert problem is None
        assert await log_in(before.config) == "window-1"

        assert not wiped(device)

        after, problem = examine_kiosk(root=device.root)
        assert problem is not None
        assert after.config.room.enrolment_key is None
        # Even who remembers where the server is, and the name, gets nowhere.
        remembered = {"server": server.url, "user_id": "window-1"}
        room = after.config.room.model_copy(update=remembered)
        with pytest.raises(LoginRefused):
            await log_in(after.config.model_copy(update={"room": room}))


def test_nothing_of_anybody_is_left(device: Device) -> None:
    files = {**FILES, "network/lan.nmconnection": LAN, "secrets.toml": SECRETS}
    device.lay_out(files)
    device.apply(Origin.HAND)
    for place in (
        "etc/kiosk/kiosk.toml",
        "etc/kiosk/conf.d/90-local.toml",
        "var/lib/kiosk/calls/call-00000001.json",
        "var/cache/kiosk/pages/1.png",
        "run/kiosk/held-call.json",
        "bootfs/kiosk/site.toml",
    ):
        put(device.root, place)
    put(device.root, "etc/credstore/kiosk.network.key", 0o600)

    assert not wiped(device)

    left = files_below(device.root)
    assert list(left) == ["sys/firmware/devicetree/base/serial-number"]


def test_what_is_not_the_kiosk_s_stays(device: Device) -> None:
    device.trust(Signer(1))
    kept = (
        "etc/credstore/kiosk-server.tls.key",
        "etc/NetworkManager/system-connections/office.nmconnection",
        "usr/lib/kiosk/kiosk.toml",
    )
    for place in kept:
        put(device.root, place)

    wiped(device)

    for place in (*kept, "etc/kiosk/keys/signer.pem"):
        assert (device.root / place).exists()


def test_records_of_calls_elsewhere_go_too(device: Device) -> None:
    calls = b'[calls]\ndirectory = "/srv/calls"\n'
    device.lay_out({**FILES, "site.toml": FILES["site.toml"] + calls})
    device.apply()
    put(device.root, "srv/calls/call-00000007.json")
    put(device.root, "srv/calls/other.txt")

    wiped(device)

    assert list(files_below(device.root / "srv/calls")) == ["other.txt"]


def test_the_next_start_brings_nothing_back(device: Device) -> None:
    device.lay_out({**FILES, "secrets.toml": SECRETS})
    boot = device.root / "bootfs/kiosk"
    boot.parent.mkdir()
    device.stick.rename(boot)
    device.provisioning.apply(boot, Origin.BOOT)

    wiped(device)
    start(device.root, Disk(), Recorded(), lambda: pytest.fail("nothing is there"))

    assert not device.outside()


def test_what_cannot_be_removed_is_told(device: Device) -> None:
    device.lay_out()
    device.apply()

    class Stubborn(Disk):
        @override
        def remove(self, path: Path) -> None:
            if path.name == "60-site.toml":
                raise PermissionError(1, "Operation not permitted", str(path))
            super().remove(path)

    problems = wipe(device.root, Stubborn(), lambda line: None)

    assert any("60-site.toml is still there: " in line for line in problems)
    assert not (device.root / "etc/kiosk/conf.d/70-device.toml").exists()
