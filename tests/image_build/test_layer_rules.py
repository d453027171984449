"""Our layers keep the rules, and each rule finds the mistake that it is about."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from layers import configs, rules, tree
from layers.errors import NotRead
from layers.layer import read_layer


IMAGE_BUILD = Path(__file__).parents[2] / "image-build"
APP = "kiosk-app.yaml"
LOCK = "kiosk-lockdown.yaml"
BASE = "kiosk-base.yaml"


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    folder = tmp_path / "layer"
    shutil.copytree(IMAGE_BUILD / "layer", folder)
    return folder


def found(layers: Path) -> list[str]:
    known = frozenset(tree.theirs()["layers"])
    elsewhere = tree.only_in_pi_archive()
    return list(rules.findings(rules.Tree(tree.our_layers(layers), known, elsewhere)))


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_layers_and_configurations_of_this_tree_are_clean() -> None:
    assert list(tree.findings()) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (APP, "Name: kiosk-app", "Name: kiosk", "is called 'kiosk'"),
        (APP, "Version: 1.0.0", "Version: 1.0", "not MAJOR.MINOR.PATCH"),
        (LOCK, "Layer-Category: app", "Layer-Category:", "Category says nothing"),
        (LOCK, "Layer-Category:", "Layer-Kind:", "no field that we use"),
        (LOCK, "Requires: kiosk-app", "Requires: no-such", "requires 'no-such'"),
        (LOCK, "Requires: kiosk-app", "Requires: kiosk-lockdown", "requires itself"),
        (LOCK, "Requires: kiosk-app", "Requires: kiosk-base", "requires kiosk-base"),
        (APP, "# X-Env-VarPrefix: kiosk\n", "", "belong together"),
        (APP, "package-Required: n", "package-Requires: n", "has no Required"),
        (APP, "Var-package: ${@SRCROOT}/pkgs/kiosk.deb", "Var-package:", "no default"),
        (APP, "Var-tools-Desc:", "Var-tool-Desc:", "a variable that is not there"),
        (APP, "  packages:", "  package:", "mmdebstrap key 'package'"),
        (APP, "    - udev\n", "    - udev\n    - dbus\n", "dbus is there twice"),
        (APP, "    - udev\n", "    - udev|dbus\n", "no package's name"),
        (
            APP,
            "    - udev\n",
            "    - python3-picamera2\n",
            "Raspberry Pi's archive only",
        ),
        (LOCK, "set -eu\n      for", "set -eu\n      form", "hooks, number 1: "),
        (APP, "      set -eu\n", "", "without 'set -eu'"),
        (APP, '"$IGconf_kiosk_tools"', '"$IGconf_kiosk_tool"', "has no default here"),
        (APP, '-m inventory "$1"', "-m inventory /", "does nothing to the root"),
    ],
)
def test_a_mistake_in_a_layer_is_found(
    layers: Path, name: str, old: str, new: str, told: str
) -> None:
    edited(layers / name, old, new)

    assert [text for text in found(layers) if name in text and told in text]


def test_a_layer_that_requires_another_need_not_repeat_its_packages(
    layers: Path,
) -> None:
    edited(layers / BASE, "- wpasupplicant", "- wpasupplicant\n    - udev")
    assert found(layers) == []

    edited(layers / BASE, "network-manager\n", "network-manager,\n#  kiosk-app\n")
    assert [text for text in found(layers) if "package udev is there twice" in text]


@pytest.mark.parametrize(
    "place", ["etc/kiosk/conf.d/10.toml", "etc/credstore/kiosk.token"]
)
def test_no_image_ships_files_where_a_technician_writes(
    layers: Path, place: str
) -> None:
    shipped = layers / "kiosk-app.rootfs-overlay" / place
    shipped.parent.mkdir(parents=True)
    shipped.touch()

    assert [text for text in found(layers) if "the technician's" in text]
    assert [text for text in found(layers) if "which is shared" in text]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Version=1", "Version=2", "nothing in it is shared"),
        ("Path=/etc/kiosk\n", "Path=etc/kiosk\n", "is no Path=/"),
    ],
)
def test_what_the_slots_share_is_said_in_the_tools_words(
    layers: Path, old: str, new: str, told: str
) -> None:
    shared = "kiosk-app.rootfs-overlay/etc/rpi-image-gen/slot-shared.d/kiosk.conf"
    edited(layers / shared, old, new)

    assert [text for text in found(layers) if told in text]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nothing", "a layer begins with"),
        ("# METABEGIN\nloose\n# METAEND\n", ":2: expected '# X-Env-"),
        ("# METABEGIN\n# X-Env-A: 1\n# X-Env-A: 2\n# METAEND\n", ":3: X-Env-A is"),
    ],
)
def test_a_broken_header_is_told_with_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(NotRead) as error:
        read_layer(path)

    assert told in str(error.value)


def without_board(folder: Path, text: str) -> list[str]:
    (folder / "kiosk-some.yaml").write_text(text, encoding="utf-8")
    settings = {"device": ["layer"], "image": ["layer"]}
    paths = sorted(folder.glob("*.yaml"))
    return list(configs.findings(paths, frozenset({"rpi4"}), settings))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("device:\n  layer: rpi9\n", "layer 'rpi9' does not exist"),
        ("layer:\n  app: kiosk\n", "layer 'kiosk' does not exist"),
        ("device:\n  layr: rpi4\n", "device.layr: no key"),
        ("devise:\n  layer: rpi4\n", "devise: no section"),
        ("include:\n  file: other.yaml\n", "includes 'other.yaml'"),
    ],
)
def test_a_mistake_in_a_configuration_is_found(
    tmp_path: Path, text: str, told: str
) -> None:
    (finding,) = without_board(tmp_path, text)

    assert told in finding


def test_a_configuration_without_a_mistake_is_clean(tmp_path: Path) -> None:
    assert without_board(tmp_path, "device:\n  layer: rpi4\n") == []


@pytest.mark.parametrize("board", ["pi4", "pi5", "cm4"])
def test_boards_whose_firmware_can_fall_back_have_two_slots(board: str) -> None:
    path = IMAGE_BUILD / "config" / f"kiosk-{board}.yaml"

    assert "file: kiosk-ab.yaml" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("board", ["pi3", "zero2"])
def test_older_boards_have_the_classic_layout(board: str) -> None:
    path = IMAGE_BUILD / "config" / f"kiosk-{board}.yaml"

    assert "file: kiosk-classic.yaml" in path.read_text(encoding="utf-8")
