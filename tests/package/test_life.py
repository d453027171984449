"""What installing, upgrading, removing and purging the package does to a Debian."""

from __future__ import annotations

from pathlib import Path

from tests.package.life import ONLY_IN_OLD, WRITTEN, Life


OTHERS = "etc/credstore/others.secret"


def of_service(asked: list[str], service: str = "kiosk.service") -> list[str]:
    """Return the verbs with which a service was asked for."""
    return [
        word
        for line in asked
        if service in line.split()
        for word in line.split()
        if not word.startswith("-") and word != service
    ]


def test_installing_makes_the_user_with_its_groups_and_starts_the_kiosk(
    life: Life,
) -> None:
    assert set(life.groups) == {"kiosk", "video", "render", "audio", "gpio", "input"}
    assert "start" in of_service(life.installed.asked)
    enabled = "etc/systemd/system/multi-user.target.wants/kiosk.service"
    assert enabled in life.installed.files


def test_nothing_is_shipped_in_the_technicians_folder(life: Life) -> None:
    there = {path for path in life.installed.files if path.startswith("etc/kiosk/")}

    assert there <= {f"etc/kiosk/{name}" for name in ("conf.d", "ca", "keys")}
    assert "etc/kiosk/conf.d" in there
    assert life.conffiles.strip() == ""


def test_an_upgrade_neither_stops_nor_restarts_the_kiosk(life: Life) -> None:
    verbs = of_service(life.upgraded.asked)

    assert not {"stop", "restart", "try-restart", "reload-or-restart"} & set(verbs)


def test_an_upgrade_has_the_kiosk_restarted_once_it_is_in_no_call(life: Life) -> None:
    renewal = "kiosk-renewal.service"

    assert "restart" in of_service(life.upgraded.asked, renewal)
    assert "restart" not in of_service(life.installed.asked, renewal), "it is new"


def test_an_upgrade_takes_old_modules_away_and_leaves_what_was_written(
    life: Life,
) -> None:
    assert ONLY_IN_OLD in life.installed.files
    assert ONLY_IN_OLD not in life.upgraded.files
    assert set(WRITTEN) <= life.upgraded.files


def test_the_installed_commands_run_with_debians_libraries(life: Life) -> None:
    assert "doctor" in life.commands


def test_what_debian_lacks_is_found_in_the_private_folder_and_nothing_else_is(
    life: Life,
) -> None:
    *private, debians = life.libraries

    assert len(private) == 4
    for path in private:
        assert path.startswith("/usr/lib/kiosk/wheels/")
    assert debians.startswith("/usr/lib/python3/dist-packages/numpy")


def test_removing_stops_whatever_may_be_running_and_keeps_configuration_and_state(
    life: Life,
) -> None:
    units = {
        path.removeprefix("usr/lib/systemd/system/")
        for path in life.upgraded.files - life.before
        if path.startswith("usr/lib/systemd/system/") and "@" not in path
    }

    assert {"kiosk.service", "kiosk-server.service"} <= units
    for unit in units:
        assert "stop" in of_service(life.removed.asked, unit), unit
    assert set(WRITTEN) <= life.removed.files


def test_removing_leaves_nothing_of_the_program(life: Life) -> None:
    left = {path for path in life.removed.files - life.before if "kiosk" in path}
    written = {
        str(place) for path in WRITTEN for place in (Path(path), *Path(path).parents)
    }
    kept_until_purged = (
        *("etc/systemd/system/", "var/lib/systemd/deb-systemd-helper-"),
        *("etc/kiosk/ca", "etc/kiosk/keys"),  # the technician's, as conf.d is
    )

    left = {path for path in left if not path.startswith(kept_until_purged)}
    assert left - written == set()


def test_purging_leaves_nothing_that_says_whose_kiosk_it_was(life: Life) -> None:
    left = life.purged.files - life.before

    assert {path for path in left if "kiosk" in path} == set()
    assert OTHERS in life.purged.files
    network = {"etc/NetworkManager", "etc/NetworkManager/system-connections"}
    assert left <= {OTHERS, "etc/credstore"} | network | {
        f"etc/{name}{dash}"
        for name in ("passwd", "group", "shadow", "gshadow", ".pwd.lock")
        for dash in ("", "-")
    }


def test_the_user_stays_so_that_nobody_else_gets_its_number(life: Life) -> None:
    assert [line for line in life.users.splitlines() if line.startswith("kiosk:")]
