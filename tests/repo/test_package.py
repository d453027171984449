"""Unit, users, rules and package say what the program needs, and agree with each other."""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

import pytest

from kiosk import cli
from kiosk.app.first_display import KEPT_AS, plan_of
from kiosk.config.layers import LAYERS
from kiosk.control.client import DEFAULT_SOCKET
from manual import commands as pages


ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "kiosk.service"
DEBIAN = ROOT / "debian"


def settings(path: Path = UNIT) -> dict[str, list[str]]:
    """Return what each key of a unit is set to, in order; sections do not matter here."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def control(field: str) -> list[str]:
    """Return the packages in a field of the binary package."""
    text = (DEBIAN / "control").read_text(encoding="utf-8")
    binary = text.partition("\nPackage: kiosk\n")[2]
    found = re.search(rf"^{field}: (.*(?:\n[ ].*)*)", binary, re.MULTILINE)
    assert found is not None, field
    return [one.strip() for one in re.split(r"[,\n|]", found[1]) if one.strip()]


def commands(parser: argparse.ArgumentParser) -> set[str]:
    (choices,) = (
        action.choices
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return set(choices)


def test_no_file_is_a_link_which_not_every_copy_of_a_tree_keeps() -> None:
    parts = ("config", "debian", "docs", "image-build", "kiosk", "systemd", "tests")

    links = [
        str(path.relative_to(ROOT))
        for part in parts
        for path in (ROOT / part).rglob("*")
        if path.is_symlink()
    ]

    assert links == []


def test_what_debhelper_looks_for_beside_its_own_files_is_copied_there() -> None:
    rules = (DEBIAN / "rules").read_text(encoding="utf-8")
    cleaned = (DEBIAN / "clean").read_text(encoding="utf-8").split()

    for name in ("kiosk.sysusers", "kiosk.tmpfiles", "kiosk.udev"):
        assert f"systemd/{name}" in rules
        assert f"debian/{name}" in cleaned


def test_the_unit_starts_a_command_that_exists_and_waits_for_ready() -> None:
    unit = settings()

    assert unit["ExecStart"] == ["/usr/bin/kiosk run"]
    assert "run" in commands(cli.make_parser())
    assert unit["Type"] == ["notify-reload"]
    assert unit["WatchdogSec"] == ["6s"]


def test_a_crash_is_answered_within_the_time_a_seat_waits() -> None:
    unit = settings()

    assert unit["Restart"] == ["always"]
    assert unit["RestartSec"] == ["1s"]
    assert "RestartSteps" not in unit, "systemd never forgets a restart: it adds up"
    assert unit["StartLimitIntervalSec"] == ["0"]


def test_what_a_crashed_kiosk_had_is_kept_for_its_successor() -> None:
    unit = settings()

    assert unit["FileDescriptorStoreMax"] == ["1"], KEPT_AS
    assert unit["RuntimeDirectoryPreserve"] == ["restart"]
    assert Path("/run", unit["RuntimeDirectory"][0]) == DEFAULT_SOCKET.parent


def test_the_terminal_is_not_put_back_to_text_between_two_kiosks() -> None:
    unit = settings()

    assert unit["StandardInput"] == ["tty"]
    assert not {"TTYReset", "TTYVHangup", "TTYVTDisallocate"} & set(unit)


@pytest.mark.parametrize(
    "device", ["drm", "video4linux", "media", "alsa", "dma_heap", "gpiochip", "input"]
)
def test_the_sandbox_lets_each_kind_of_device_in(device: str) -> None:
    allowed = {word for line in settings()["DeviceAllow"] for word in line.split()}

    assert f"char-{device}" in allowed
    assert settings()["DevicePolicy"] == ["closed"]


def test_drivers_are_loaded_before_their_classes_are_looked_up() -> None:
    unit = settings()
    loaded = {f"modprobe@{name}.service" for name in ("drm", "snd", "videodev", "mc")}

    assert loaded <= set(" ".join(unit["Wants"]).split())
    assert loaded <= set(" ".join(unit["After"]).split())


def test_the_sandbox_lets_news_of_cables_through() -> None:
    (families,) = settings()["RestrictAddressFamilies"]

    assert "AF_NETLINK" in families.split()


def test_the_daemon_may_write_where_it_runs() -> None:
    assert settings()["WorkingDirectory"] == ["%t/kiosk"]


def test_the_user_is_made_with_the_groups_of_the_unit() -> None:
    rows = [
        line.split()
        for line in (ROOT / "systemd" / "kiosk.sysusers").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    groups = {row[2] for row in rows if row[:2] == ["m", "kiosk"]}

    assert settings()["User"] == ["kiosk"]
    assert set(settings()["SupplementaryGroups"][0].split()) == groups
    assert groups == {"video", "render", "audio", "gpio", "input"}
    assert ["g", "gpio", "-", "-"] in rows


def test_nothing_is_shipped_where_the_technicians_files_are() -> None:
    listed = (ROOT / "systemd" / "kiosk.tmpfiles").read_text(encoding="utf-8")
    installed = (DEBIAN / "kiosk.install").read_text(encoding="utf-8")

    assert "etc/" not in installed
    assert "d /etc/kiosk/conf.d 0750 root kiosk -" in listed


def test_before_anybody_set_it_up_the_kiosk_says_so_on_its_own_screen(
    tmp_path: Path,
) -> None:
    vendor = tmp_path / LAYERS[0]
    vendor.mkdir(parents=True)
    sample = ROOT / "config" / "vendor" / "defaults.toml"
    (vendor / "defaults.toml").write_bytes(sample.read_bytes())
    installed = (DEBIAN / "kiosk.install").read_text(encoding="utf-8")

    plan = plan_of(None, tmp_path)

    assert plan is not None
    assert plan.is_certain
    assert f"config/vendor/defaults.toml {LAYERS[0]}" in installed


def test_version_and_package_are_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    newest = (DEBIAN / "changelog").read_text(encoding="utf-8").splitlines()[0]

    assert newest.startswith(f"kiosk ({project['project']['version']}) ")


def test_what_only_the_raspberry_pi_archive_has_is_no_must() -> None:
    foreign = {"python3-picamera2", "python3-gpiozero"}
    recommended = control("Recommends")

    assert foreign <= {package.split()[0] for package in recommended}
    assert not foreign & set(control("Depends"))
    assert "python3-gpiozero (>= 2.0)" in recommended, "1.6.2 has other pins"


def test_the_manual_is_made_of_the_program_and_names_every_command() -> None:
    manual = pages.page(cli.make_parser()).replace("\\-", "-")
    installed = (DEBIAN / "kiosk.manpages").read_text(encoding="utf-8").split()
    built = (DEBIAN / "rules").read_text(encoding="utf-8")
    named = set(re.findall(r'^\.SS "kiosk ([a-z-]+)"', manual, re.MULTILINE))

    assert "python3 -m manual debian/manual" in built
    assert "debian/manual/kiosk.1" in installed
    assert commands(cli.make_parser()) <= named


def units() -> set[str]:
    kinds = ("service", "socket", "timer", "path", "target")
    return {path.name for kind in kinds for path in UNIT.parent.glob(f"*.{kind}")}


def enabled() -> set[str]:
    lines = (UNIT.parent / "60-kiosk.preset").read_text(encoding="utf-8").splitlines()
    return {line.removeprefix("enable ") for line in lines if line.strip()}


def test_the_preset_enables_units_that_exist_and_can_be_enabled() -> None:
    assert "kiosk.service" in enabled()
    assert enabled() <= units()
    for name in enabled():
        assert "WantedBy" in settings(UNIT.parent / name), name


def test_purging_removes_every_folder_of_state() -> None:
    script = (DEBIAN / "kiosk.postrm").read_text(encoding="utf-8")
    removed = set(re.findall(r"/\S+", script))

    for name in units():
        unit = settings(UNIT.parent / name)
        for key, base in (
            ("StateDirectory", "/var/lib"),
            ("CacheDirectory", "/var/cache"),
        ):
            for folder in " ".join(unit.get(key, [])).split():
                assert f"{base}/{folder}" in removed, name


def test_what_two_slots_of_an_image_share_is_removed_with_the_package() -> None:
    layer = ROOT / "image-build/layer/kiosk-app.rootfs-overlay"
    text = (layer / "etc/rpi-image-gen/slot-shared.d/kiosk.conf").read_text()
    shared = set(re.findall(r"(?m)^Path=(.*)", text))
    script = (DEBIAN / "kiosk.postrm").read_text(encoding="utf-8")

    assert "/var/lib/kiosk" in shared
    assert "/var/lib/kiosk-ladder" not in shared, "a new slot's crashes are its own"
    for path in shared - {"/etc/credstore"}:
        assert re.search(rf"{path}(\s|$)", script), path
