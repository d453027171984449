"""Every mistake is reported at once, with file, line, key and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import examine_kiosk, load_kiosk
from kiosk.errors import ConfigError


ROOM = '[room]\nserver = "https://a"\n'


def mistakes(tmp_path: Path, text: str | bytes) -> tuple[str, ...]:
    file = tmp_path / "kiosk.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as raised:
        load_kiosk(file)
    prefix = str(file)
    assert all(line.startswith(prefix) for line in raised.value.mistakes)
    return tuple(line[len(prefix) :] for line in raised.value.mistakes)


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """[rom]
[room]
sever = "https://a"
[call]
role = "agnt"
answer_s = "60"
[network]
insecure = 1
""",
    )

    no_bool = "must be true or false, without quotes; e.g. insecure = false"
    assert found == (
        ":1: [rom]: unknown section; did you mean [room]?",
        ":3: [room] sever: unknown key; did you mean [room] server?",
        ':5: [call] role: must be "kiosk" or "agent"; did you mean "agent"?',
        ":6: [call] answer_s: must be a number, without quotes; e.g. answer_s = 60",
        f":8: [network] insecure: {no_bool}",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ': [room]: is missing; write [room] and below it server = "https'),
        ("[room]\n", ":1: [room] server: is missing; e.g. server = "),
        ("room = 3\n", ":1: [room]: must be a section: [room] on a line of its own"),
        ("[[room]]\n", ":1: [room]: must be a section"),
        ("config_version = 2\n" + ROOM, ":1: config_version: is 2, and this"),
        ("config_version = 0\n" + ROOM, ":1: config_version: must be 1"),
        ('config_version = "1"\n' + ROOM, ":1: config_version: must be 1"),
        ("config_version = true\n" + ROOM, ":1: config_version: must be 1"),
        ("config_versoin = 1\n" + ROOM, ":1: [config_versoin]: unknown key; did you"),
        ('user_id = "x"\n' + ROOM, "unknown key here; it belongs in [room]"),
        ("xyzzy = 1\n" + ROOM, "unknown key; there are: config_version, kiosk, "),
        (ROOM + "xyzzy = 1\n", ":3: [room] xyzzy: unknown key; there are: server, "),
        (ROOM + '"a\\nb" = 1\n', r":3: [room] a\nb: unknown key"),
        (ROOM + "user_id = 3", ':3: [room] user_id: must be text in "quotes"'),
        (ROOM + 'user_id = "a b"', "needs 1 to 64 letters, digits, - or _"),
        (ROOM + 'user_name = " "', "user_name: must not be empty"),
        (ROOM + 'user_name = "a\\tb"', "control characters"),
        (ROOM + f'user_name = "{"x" * 65}"', "at most 64 characters long"),
        (ROOM + 'type = "live_room"', "[room] type: needs create = true"),
        (
            ROOM + '[call]\nrole = "agent"\nconsent = true',
            ':5: [call] consent: asks a customer; an "agent" calls by itself',
        ),
        (
            ROOM + 'type = "live_room"\ncreate = true\n[call]\nrole = "agent"',
            ':6: [call] role: cannot be "agent" with [room] type = "live_room": an agent',
        ),
        (ROOM + 'type = "double"', 'must be "double_room", "multi_room" or'),
        (
            ROOM + 'target = "x"',
            'target: must be a list in [brackets], its entries apart by commas; e.g. target = ["service"]',
        ),
        (ROOM + 'target = [""]', "target: entry 1 must not be empty"),
        (ROOM + "target = []", "target: must have at least 1 entry"),
        (ROOM + 'target = ["a", "a"]', "target: names a room twice"),
        (ROOM + 'target = [\n"a",\n3]', ":5: [room] target: entry 2 must be text"),
        (ROOM + f"target = {['x'] * 17}", "target: must have at most 16 entries"),
        (ROOM + "[call]\nanswer_s = 0", ":4: [call] answer_s: must be more than 0"),
        (ROOM + "[call]\nanswer_s = 4e3", "must be at most 3600"),
        (ROOM + "[call]\nanswer_s = nan", "must be a finite number"),
        (ROOM + f"[call]\nanswer_s = 1{'0' * 400}", "must be a number"),
        (ROOM + "[call]\nanswer_s = 2026-01-01", "must be a number"),
        (ROOM + "[camera]\npicture_rate = 0", "must be at least 1"),
        (ROOM + "[camera]\npicture_rate = 1.5", "must be a whole number"),
        (ROOM + '[camera]\npreset = "720"', 'did you mean "720p"?'),
        (
            ROOM + "[camera]\npreset = 720",
            'preset: must be "180p", "360p", "480p" or "720p"',
        ),
        (
            ROOM + '[camera]\npreset = "vga"',
            'preset: must be "180p", "360p", "480p" or "720p"',
        ),
        (ROOM + '[display]\nsize = "big"', 'needs WIDTHxHEIGHT in pixels, e.g. "128'),
        (ROOM + '[display]\nsize = "641x480"', "must be even"),
        (
            ROOM + '[display]\nmode = "1280x720@fast"',
            'after the "@", e.g. "1280x720@60',
        ),
        (ROOM + '[display]\nmode = "large"', "needs WIDTHxHEIGHT in pixels"),
        (ROOM + '[display]\nconnector = "the left"', 'e.g. "HDMI-A-1"'),
        (ROOM + "[display]\nrotation = 45", "rotation: must be 0, 90, 180 or 270"),
        (ROOM + "[display]\nrotation = false", "rotation: must be 0, 90, 180 or 270"),
        (ROOM + '[display]\nsize = "9998x480"', "from 128 to 3840"),
        (ROOM + f'[control]\nsocket = "/{"x" * 107}"', "longer than the 107 bytes"),
        (ROOM + '[hours]\nmon = "9-17"', 'needs hours such as "09:00-17:00"'),
        (ROOM + 'create = true\ntarget = ["a*", "b?"]', "needs a target without *"),
        (ROOM + "[media]\nmin_ms = 100", ":3: [media] target_ms: must lie between"),
    ],
)
def test_a_mistake_names_place_cause_and_cure(
    tmp_path: Path, text: str, expected: str
) -> None:
    found = mistakes(tmp_path, text)

    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize(
    ("section", "device", "expected"),
    [
        ("camera", "picamera2:", 'something after the colon: "picamera2:NAME"'),
        ("camera", "v4l2:/dev/video0", "is a number that changes from boot to boot"),
        ("camera", "v4l2:", 'needs something after the colon: "v4l2:NAME"'),
        (
            "camera",
            "webcam",
            'must be "synthetic" or "auto" or "picamera2" or "v4l2" or ',
        ),
        ("camera", "file:", 'needs something after the colon: "file:PATH"'),
        ("camera", "synthetic:x", 'needs a number from 1 to 8, e.g. "synthetic:2"'),
        ("camera", "synthetic:0", "needs a number from 1 to 8"),
        ("camera", "synthetic:9", "needs a number from 1 to 8"),
        ("camera", "synthetic:", "needs something after the colon"),
        ("camera", "", "must not be empty"),
        ("camera", "file:" + "x" * 5000, "is too long"),
        ("microphone", "alsa:", 'needs something after the colon: "alsa:CARD"'),
        ("microphone", "alsa:1", "names a sound card by its number, which changes"),
        ("microphone", "alsa:hw:1,0", "names a sound card by its number"),
        ("speaker", "alsa:plughw:CARD=0", 'or its USB port, e.g. "alsa:usb:1-1.3"'),
        ("speaker", "alsa:plug:'hw'", "takes no quotes and no braces"),
        ("microphone", "tone:loud", 'a frequency from 20 to 20000, e.g. "tone:440"'),
        ("microphone", "tone:20001", "a frequency from 20 to 20000"),
        ("microphone", "tone:²²", "a frequency from 20 to 20000"),
        ("speaker", "pulse", 'must be "synthetic" or "alsa" or "file:PATH" or "al'),
        ("display", "kms", '"kms" is not available in this version; use "headless"'),
        ("buttons", "gpiozero", "needs at least call = 17 beside it"),
        ("buttons", "evdev", 'needs at least call = "KEY_ENTER" beside it'),
        ("buttons", "evdev:", 'needs something after the colon: "evdev:NAME"'),
        ("indicators", "gpiozero", "needs a pin beside it, such as in_call = 12"),
    ],
)
def test_a_device_of_no_adapter_is_refused(
    tmp_path: Path, section: str, device: str, expected: str
) -> None:
    found = mistakes(tmp_path, f'{ROOM}[{section}]\ndevice = "{device}"\n')

    assert len(found) == 1
    assert found[0].startswith(f":4: [{section}] device: ")
    assert expected in found[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rooms.example.org", "must begin with https:// or http://"),
        ("ftp://a", "must begin with https:// or http://"),
        ("https://", "is no URL"),
        ("https://[::1", "is no URL"),
        ("https://a:99999", "is no URL"),
        ("https://a:0", "is no URL"),
        ("https://a b", "is no URL"),
        ("https://me:sesame@a", "must not carry a user name or password"),
        ("https://a/?token=sesame", "must end after the path"),
        ("https://a/#x", "must end after the path"),
        ("http://rooms.example.org", "set [network] insecure = true"),
        ("http://10.0.0.1:80", "set [network] insecure = true"),
    ],
)
def test_a_server_url_that_will_not_do_is_refused_without_repeating_it(
    tmp_path: Path, url: str, expected: str
) -> None:
    found = mistakes(tmp_path, f'[room]\nserver = "{url}"\n')

    assert len(found) == 1
    assert found[0].startswith(":2: [room] server: ")
    assert expected in found[0]
    assert "sesame" not in found[0]


@pytest.mark.parametrize(
    "url",
    [
        "https://rooms.example.org/weapp/double_room",
        "http://localhost:8080",
        "http://127.9.9.9",
        "http://[::1]:80",
    ],
)
def test_a_server_url_that_will_do_is_taken(tmp_path: Path, url: str) -> None:
    (tmp_path / "a.toml").write_text(f'[room]\nserver = "{url}/"\n')

    assert load_kiosk(tmp_path / "a.toml").config.room.server == url


def test_a_gateway_is_not_asked_in_plain_beyond_this_machine(tmp_path: Path) -> None:
    text = '[room]\nserver = "https://a"\n[im]\ngateway = "http://im.example.org"\n'
    (mistake,) = mistakes(tmp_path, text)

    assert ":4: [im] gateway: plain http://" in mistake


def test_plain_http_is_taken_when_insecure_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '[room]\nserver = "http://a"\n[network]\ninsecure = true\n'
    )

    assert load_kiosk(tmp_path / "a.toml").config.network.insecure


def test_a_rule_is_not_applied_to_keys_that_are_wrong_themselves(
    tmp_path: Path,
) -> None:
    found = mistakes(
        tmp_path, '[room]\nserver = "http://a"\n[network]\ninsecure = "yes"\n'
    )

    (line,) = found
    assert line.startswith(":4: [network] insecure: must be true or false")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[room\n", ":1: not TOML: "),
        (b"[room]\nserver\n", ":2: not TOML: "),
        (b'[room]\nserver = "https://a', ":2: not TOML: Unterminated string; is the"),
        (b'[room]\ntarget = ["a",\n', ":2: not TOML: Invalid value; is the file cut"),
        (b"[room]\na = 1\na = 2\n", ":3: a stands here a second time, first in line 2"),
        (b"[room]\n[room]\n", ":2: [room] stands here a second time, first in line 1"),
        (b"\xef\xbb\xbf[room]\n", ":1: begins with a byte order mark; save it as"),
        ("[room]\n".encode("utf-16"), ":1: is UTF-16; save it as UTF-8"),
        (b'[room]\n\nserver = "\xfc"\n', ":3: is not UTF-8 (byte 0xfc); save it as"),
        (b"a = " + b"[" * 5000, ": its brackets are nested too deep"),
        (b"a = " + b"1" * 5000, ": holds a number that is too long"),
        (b"#" * ((1 << 20) + 1), ": is larger than 1024 KiB"),
    ],
)
def test_a_file_that_is_no_toml_is_one_mistake(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    found = mistakes(tmp_path, content)

    assert len(found) == 1
    assert found[0].startswith(expected)


def test_a_file_cut_off_anywhere_is_an_error_or_loads(tmp_path: Path) -> None:
    text = ROOM + 'target = ["a", "b"]\n[camera]\npreset = "720p"\n'
    for length in range(len(text)):
        (tmp_path / "a.toml").write_text(text[:length])
        loaded, problem = examine_kiosk(tmp_path / "a.toml")

        assert loaded.config.room.target
        assert problem is None or str(tmp_path / "a.toml") in str(problem)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: no such file; check the path"):
        load_kiosk(tmp_path / "none.toml")


def test_a_link_to_nowhere_is_told_from_an_absent_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").symlink_to(tmp_path / "gone")

    with pytest.raises(ConfigError, match=r"a\.toml: is a link to nowhere"):
        load_kiosk(tmp_path / "a.toml")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory; name the file within it"):
        load_kiosk(tmp_path)


@pytest.mark.parametrize("name", ["x" * 300, "nul\0"])
def test_an_impossible_name_is_an_error_like_any_other(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_kiosk(tmp_path / name)


def test_what_is_usable_of_a_wrong_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '[kiosk]\nname = "Seven"\n[display]\nsize = "640x480"\nself_view = 3\n'
        '[rom]\nx = 1\n[control]\nsocket = "/tmp/s"\n'
    )

    loaded, problem = examine_kiosk(tmp_path / "a.toml")

    assert problem is not None
    assert loaded.config.kiosk.name == "Seven"
    assert loaded.config.display.pixels == (640, 480)
    assert loaded.config.display.self_view
    assert loaded.config.control.socket == "/tmp/s"
    assert loaded.config.room.server == "http://127.0.0.1:9"


def test_a_server_that_breaks_a_rule_is_not_usable(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[room]\nserver = "http://example.org"\n')

    loaded, problem = examine_kiosk(tmp_path / "a.toml")

    assert problem is not None
    assert loaded.config.room.server == "http://127.0.0.1:9"
