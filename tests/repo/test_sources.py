"""The table of where each library comes from agrees with everything that installs one."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from appliance.recipe import listed
from kiosk.devices import echo_livekit
from kiosk.wiring import header
from layers.tree import our_layers


ROOT = Path(__file__).parents[2]
IMAGE_BUILD = ROOT / "image-build"
PLACES = {"debian", "pi-archive", "wheels", "pinned", "none"}
TARGETS = {"pi", "debian", "appliance"}
NEEDS = {"must", "wanted", "optional", "build"}
SETS_FOR_DEVELOPERS = {"dev", "check"}


@cache
def rows() -> list[dict[str, Any]]:
    text = (ROOT / "packaging" / "sources.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["library"]
    return found


def debian_of(*needs: str) -> set[str]:
    return {row["debian"] for row in rows() if row["need"] in needs and "debian" in row}


def of_python() -> dict[str, dict[str, Any]]:
    return {row["pypi"]: row for row in rows() if "pypi" in row}


def required() -> dict[str, set[str]]:
    """Return what pyproject.toml names, by set; the kiosk's own is under ``''``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    sets = {
        "": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
    }
    return {
        name: {re.split(r"[<>=!~ ]", one)[0].lower() for one in listed_there}
        for name, listed_there in sets.items()
    }


def pinned(name: str) -> set[str]:
    text = (ROOT / "constraints" / f"{name}.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if "==" in line)
    return {line.split("==")[0].lower().replace("_", "-") for line in lines}


def control(field: str) -> set[str]:
    text = (ROOT / "debian" / "control").read_text(encoding="utf-8")
    binary = text.partition("\nPackage: kiosk\n")[2]
    match = re.search(rf"^{field}: (.*(?:\n[ ].*)*)", binary, re.MULTILINE)
    assert match is not None, field
    words = re.split(r"[,\n|]", match[1])
    return {re.sub(r"\(.*\)", "", word).strip() for word in words} - {""}


def test_a_row_is_complete_and_in_the_words_of_the_table() -> None:
    for row in rows():
        name = row.get("pypi") or row["debian"]
        assert row["need"] in NEEDS, name
        assert set(row["from"]) == TARGETS, name
        assert set(row["from"].values()) <= PLACES, name
        assert "lacks" in row or "none" not in row["from"].values(), name
        assert "debian" in row or "debian" not in row["from"].values(), name


def test_no_library_has_two_rows() -> None:
    names = [row.get("pypi") or row["debian"] for row in rows()]

    assert len(names) == len(set(names))


def test_whatever_the_program_requires_has_a_row_and_the_right_need() -> None:
    sets = required()
    for name in sets[""]:
        assert of_python()[name]["need"] == "must", name
    users = set[str]().union(
        *(names for key, names in sets.items() if key not in SETS_FOR_DEVELOPERS)
    )

    assert sorted(users - set(of_python())) == []


def test_what_must_be_there_is_in_debian_on_every_target() -> None:
    for row in rows():
        if row["need"] == "must":
            assert set(row["from"].values()) == {"debian"}, row["debian"]


@pytest.mark.parametrize("constraints", ["latest", "trixie"])
def test_every_library_that_is_tested_here_is_pinned(constraints: str) -> None:
    never_on_pypi = {"pyalsaaudio", "systemd-python"}  # they need headers: Debian's

    assert set(of_python()) - never_on_pypi <= pinned(constraints)


def test_the_package_depends_on_what_must_be_there() -> None:
    # python3-* of the program's own dependencies are found by pybuild
    by_pybuild = {of_python()[name]["debian"] for name in required()[""]}
    fonts = {"fonts-dejavu-core", "fonts-inter"}
    own = {word for word in control("Depends") if not word.startswith("$")} - fonts

    assert debian_of("must") - by_pybuild - {"python3-systemd"} <= own
    assert {word for word in own if word.startswith(("python3-", "lib"))} <= debian_of(
        "must"
    )


def test_the_package_recommends_what_is_wanted_and_suggests_the_rest() -> None:
    wheels_alone = {
        row["debian"]
        for row in rows()
        if "debian" in row and row["from"]["pi"] == "wheels"
    }
    libraries = {word for word in control("Recommends") if word.startswith("python3-")}

    assert libraries == debian_of("wanted") - wheels_alone
    assert debian_of("optional") <= control("Suggests")


def test_the_layers_install_what_the_table_says() -> None:
    layers = our_layers(IMAGE_BUILD / "layer")
    everywhere = {*layers["kiosk-app"].packages}
    on_a_pi = everywhere | {*layers["kiosk-rpi"].packages}

    for row in rows():
        if row["need"] in {"optional", "build"} or "debian" not in row:
            continue
        name, places = row["debian"], row["from"]
        assert (name in everywhere) == (places["appliance"] == "debian"), name
        assert (name in on_a_pi) == (places["pi"] in {"debian", "pi-archive"}), name


def test_what_the_appliance_has_from_elsewhere_is_pinned_for_it() -> None:
    pins = {
        pin.split("==")[0] for pin in listed(IMAGE_BUILD / "wheels" / "virtual.txt")
    }
    in_place = {row["pypi"] for row in rows() if row["from"]["appliance"] == "pinned"}

    assert in_place <= pins


def test_what_comes_as_a_wheel_is_pinned_with_its_hashes() -> None:
    lines = listed(IMAGE_BUILD / "wheels" / "private.txt")
    pins = {line.split("==")[0]: line for line in lines}
    wanted = {row["pypi"] for row in rows() if "wheels" in row["from"].values()}

    assert set(pins) == wanted
    for name, line in pins.items():
        of_latest = (ROOT / "constraints" / "latest.txt").read_text(encoding="utf-8")
        assert line.split()[0] in of_latest.splitlines(), f"{name} is not as tested"
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line), name


def test_what_the_kiosk_looks_for_privately_is_what_the_package_has() -> None:
    lines = listed(IMAGE_BUILD / "wheels" / "private.txt")
    pins = dict(line.split()[0].split("==") for line in lines)
    floors = {**echo_livekit.FLOORS, "gpiozero": str(header.OLDEST_MAJOR)}

    assert set(floors) == set(pins)
    for name, floor in floors.items():
        assert tuple(map(int, floor.split("."))) <= tuple(
            map(int, re.findall(r"\d+", pins[name])[:3])
        ), name
