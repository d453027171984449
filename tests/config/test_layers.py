"""Which file wins, and where a value came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.first_display import plan_of
from kiosk.config.documents import Origin
from kiosk.config.load import examine_kiosk, load_kiosk, load_server
from kiosk.errors import ConfigError


def write(root: Path, path: str, text: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def name_of(root: Path) -> str:
    return load_kiosk(root=root).config.kiosk.name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "etc/kiosk/kiosk.toml", '[room]\nserver = "https://a"\n')
    return tmp_path


def test_without_any_file_the_path_to_write_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_kiosk(root=tmp_path)

    assert str(tmp_path / "etc/kiosk/kiosk.toml") in str(raised.value)
    assert "server = " in str(raised.value)


def test_a_kiosk_that_only_its_vendor_configured_is_told_how_to_be_set_up(
    tmp_path: Path,
) -> None:
    write(tmp_path, "usr/lib/kiosk/kiosk.toml", '[display]\ndevice = "drm"\n')

    with pytest.raises(ConfigError) as told:
        load_kiosk(root=tmp_path)

    assert told.value.mistakes[0].startswith("put in a USB stick labelled KIOSK")
    site = tmp_path / "etc/kiosk/conf.d/60-site.toml"
    assert told.value.mistakes[1].startswith(f"{site}: [room]: is missing")


VENDOR = Path(__file__).parents[2] / "config/vendor/defaults.toml"
PACKAGE = '[display]\ndevice = "drm"\nrotation = 90\n'


def test_a_main_file_of_ones_own_keeps_the_screen_that_the_package_chose(
    root: Path,
) -> None:
    write(root, "usr/lib/kiosk/defaults.toml", PACKAGE)
    write(root, "usr/lib/kiosk/kiosk.toml", '[kiosk]\nname = "Vendor"\n')

    loaded = load_kiosk(root=root)

    assert (loaded.config.display.device, loaded.config.kiosk.name) == ("drm", "Kiosk")
    origin = loaded.origins["display", "device"].file
    assert origin == str(root / "usr/lib/kiosk/defaults.toml")
    plan = plan_of(None, root)
    assert plan is not None
    assert plan.is_certain


def test_an_installed_kiosk_has_the_devices_of_its_machine_unless_a_file_says_otherwise(
    root: Path,
) -> None:
    write(root, "usr/lib/kiosk/defaults.toml", VENDOR.read_text("utf-8"))

    untold = load_kiosk(root=root)
    write(root, "etc/kiosk/conf.d/60-site.toml", '[camera]\ndevice = "synthetic:2"\n')
    told = load_kiosk(root=root)

    devices = untold.config
    found = (devices.camera.device, devices.microphone.device, devices.speaker.device)
    assert found == ("auto", "alsa", "alsa")
    assert untold.notices == ()
    place = root / "etc/kiosk/conf.d/60-site.toml"
    assert len(told.notices) == 1
    assert told.notices[0].startswith(f"{place}:2: [camera] device is synthetic: ")


def test_without_the_package_nobody_is_filmed_and_that_is_told_unless_it_is_a_trial(
    root: Path,
) -> None:
    file = root / "etc/kiosk/kiosk.toml"

    told = load_kiosk(root=root).notices

    assert [one.partition("]")[0] for one in told] == [
        "[camera",
        "[microphone",
        "[speaker",
    ]
    assert load_kiosk(file).notices == ()
    write(root, "etc/kiosk/conf.d/60-site.toml", '[display]\ndevice = "simulator"\n')
    assert load_kiosk(root=root).notices == ()


def test_every_other_file_says_otherwise_than_the_package_key_by_key(
    root: Path,
) -> None:
    write(root, "usr/lib/kiosk/defaults.toml", PACKAGE)
    write(root, "usr/lib/kiosk/conf.d/10-a.toml", '[display]\ndevice = "headless"\n')

    display = load_kiosk(root=root).config.display

    assert (display.device, display.rotation) == ("headless", 90)


def test_what_the_package_says_is_nobodys_configuration(tmp_path: Path) -> None:
    write(tmp_path, "usr/lib/kiosk/defaults.toml", PACKAGE)

    with pytest.raises(ConfigError) as told:
        load_kiosk(root=tmp_path)

    assert told.value.mistakes[0].startswith("put in a USB stick labelled KIOSK")
    own = tmp_path / "etc/kiosk/kiosk.toml"
    assert told.value.mistakes[1].startswith(f"{own}: [room]: is missing")


def test_a_server_needs_no_file(tmp_path: Path) -> None:
    assert load_server(root=tmp_path).config.server.capacity == 2


def test_of_the_main_files_only_the_highest_layers_counts(root: Path) -> None:
    write(root, "usr/lib/kiosk/kiosk.toml", '[kiosk]\nname = "Vendor"\n')
    write(root, "run/kiosk/kiosk.toml", '[kiosk]\nname = "Run"\n')

    assert name_of(root) == "Kiosk"


def test_drop_ins_of_all_layers_apply_in_the_order_of_their_names(root: Path) -> None:
    write(root, "usr/lib/kiosk/conf.d/90-b.toml", '[kiosk]\nname = "Vendor"\n')
    write(root, "run/kiosk/conf.d/50-b.toml", '[kiosk]\nname = "Run"\n')
    write(root, "etc/kiosk/conf.d/60-a.toml", '[kiosk]\nname = "Site"\n')

    assert name_of(root) == "Vendor"


def test_a_drop_in_masks_its_namesake_in_a_lower_layer(root: Path) -> None:
    write(root, "usr/lib/kiosk/conf.d/60-a.toml", '[kiosk]\nbranch = "Vendor"\n')
    write(root, "etc/kiosk/conf.d/60-a.toml", '[kiosk]\nname = "Site"\n')

    config = load_kiosk(root=root).config

    assert (config.kiosk.name, config.kiosk.branch) == ("Site", None)


@pytest.mark.parametrize("how", ["empty", "null"])
def test_an_empty_file_or_a_link_to_null_masks_too(root: Path, how: str) -> None:
    write(root, "usr/lib/kiosk/conf.d/60-a.toml", '[kiosk]\nname = "Vendor"\n')
    mask = write(root, "etc/kiosk/conf.d/60-a.toml", "")
    if how == "null":
        mask.unlink()
        mask.symlink_to("/dev/null")

    assert name_of(root) == "Kiosk"


def test_a_later_file_wins_key_by_key(root: Path) -> None:
    write(
        root, "etc/kiosk/conf.d/60-a.toml", '[kiosk]\nname = "A"\nbranch = "Zurich"\n'
    )
    write(root, "etc/kiosk/conf.d/70-b.toml", '[kiosk]\nname = "B"\n')

    config = load_kiosk(root=root).config

    assert (config.kiosk.name, config.kiosk.branch) == ("B", "Zurich")


def test_a_list_is_replaced_not_joined(root: Path) -> None:
    write(root, "etc/kiosk/conf.d/60-a.toml", '[room]\ntarget = ["a", "b"]\n')
    write(root, "etc/kiosk/conf.d/70-b.toml", '[room]\ntarget = ["c"]\n')

    assert load_kiosk(root=root).config.room.target == ("c",)


def test_a_value_knows_the_file_and_line_it_came_from(root: Path) -> None:
    file = write(root, "etc/kiosk/conf.d/60-a.toml", '[room]\n\ntarget = ["c"]\n')

    origins = load_kiosk(root=root).origins

    assert origins["room", "target"] == Origin(str(file), 3)
    assert origins["room", "server"].line == 2


def test_a_mistake_is_reported_at_the_file_that_won(root: Path) -> None:
    write(root, "etc/kiosk/conf.d/60-a.toml", "[room]\ntarget = [3]\n")
    write(root, "etc/kiosk/conf.d/70-b.toml", "room = 7\n")
    write(root, "etc/kiosk/conf.d/80-c.toml", "[room]\ntarget = 8\n")

    with pytest.raises(ConfigError) as raised:
        load_kiosk(root=root)

    assert len(raised.value.mistakes) == 2  # and the server is gone with 70-b
    assert "80-c.toml:1: [room] server: is missing" in raised.value.mistakes[0]
    assert "80-c.toml:2: [room] target: must be a list" in raised.value.mistakes[1]


def test_mistakes_of_several_files_come_together(root: Path) -> None:
    write(root, "etc/kiosk/conf.d/60-a.toml", "[kiosk\n")
    write(root, "etc/kiosk/conf.d/70-b.toml", "[kiosk]\nname = 3\n")
    write(root, "etc/kiosk/conf.d/80-c.toml", "[log]\nlevel = 3\n")

    with pytest.raises(ConfigError) as raised:
        load_kiosk(root=root)

    places = [line.split(": ")[0] for line in raised.value.mistakes]
    assert [place.rpartition("/")[2] for place in places] == [
        "60-a.toml:1",
        "70-b.toml:2",
        "80-c.toml:2",
    ]


def test_nothing_is_called_missing_while_a_file_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, "etc/kiosk/kiosk.toml", '[room]\nserver = "https://a')

    with pytest.raises(ConfigError) as raised:
        load_kiosk(root=tmp_path)

    assert len(raised.value.mistakes) == 1
    assert "not TOML" in raised.value.mistakes[0]


def test_a_drop_in_without_its_digits_is_not_passed_over(root: Path) -> None:
    write(root, "etc/kiosk/conf.d/site.toml", '[kiosk]\nname = "Site"\n')

    with pytest.raises(ConfigError, match="begins with two digits"):
        load_kiosk(root=root)


def test_files_of_other_kinds_beside_the_drop_ins_are_ignored(root: Path) -> None:
    write(root, "etc/kiosk/conf.d/60-site.toml.bak", "nonsense")
    write(root, "etc/kiosk/conf.d/README", "nonsense")

    assert name_of(root) == "Kiosk"


def test_a_drop_in_directory_that_is_a_file_is_a_mistake(root: Path) -> None:
    write(root, "etc/kiosk/conf.d", "")

    with pytest.raises(ConfigError, match=r"conf\.d: cannot be listed"):
        load_kiosk(root=root)


def test_a_loop_of_links_is_a_mistake(root: Path) -> None:
    loop = root / "etc/kiosk/conf.d/60-a.toml"
    loop.parent.mkdir()
    loop.symlink_to(loop)

    with pytest.raises(ConfigError, match=r"60-a\.toml: cannot be read"):
        load_kiosk(root=root)


def test_an_explicit_file_is_read_alone(root: Path) -> None:
    write(root, "etc/kiosk/conf.d/60-a.toml", '[kiosk]\nname = "Site"\n')
    alone = write(root, "alone.toml", '[room]\nserver = "https://b"\n')

    loaded = load_kiosk(alone, root=root)

    assert loaded.files == (alone,)
    assert loaded.config.kiosk.name == "Kiosk"


def test_server_and_kiosk_have_files_of_their_own(root: Path) -> None:
    write(root, "etc/kiosk/server.toml", "[server]\ncapacity = 3\n")
    write(root, "etc/kiosk/server.d/60-a.toml", "[server]\nsweep_s = 1\n")

    server = load_server(root=root).config.server

    assert (server.capacity, server.sweep_s) == (3, 1.0)
    assert name_of(root) == "Kiosk"


def test_the_command_line_wins_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, "etc/kiosk/server.toml", '[server]\nhttp = "127.0.0.1:1"\n')

    loaded = load_server(root=tmp_path, overrides={"server": {"http": "127.0.0.1:0"}})

    assert loaded.config.server.http == "127.0.0.1:0"
    assert loaded.origins["server", "http"] == Origin("command line")


def test_a_mistake_on_the_command_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"^command line: \[server\] http: plain HTTP"
    ):
        load_server(root=tmp_path, overrides={"server": {"http": "0.0.0.0:1"}})


def test_a_whole_configuration_without_mistakes_has_no_problem(root: Path) -> None:
    assert examine_kiosk(root=root)[1] is None
