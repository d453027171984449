"""Every mistake is reported at once, with file, line, key and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import examine_kiosk, load_kiosk, load_server
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

    assert found == (
        ":1: [rom]: unknown section; did you mean [room]?",
        ":3: [room] sever: unknown key; did you mean [room] server?",
        ':5: [call] role: must be "kiosk" or "agent"; did you mean "agent"?',
        ":6: [call] answer_s: must be a number, without quotes",
        ":8: [network] insecure: must be true or false, without quotes",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ': [room]: is missing; write [room] and below it server = "https'),
        ("[room]\n", ":1: [room] server: is missing; e.g. server = "),
        ("room = 3\n", ":1: [room]: must be a section: [room] on a line of its own"),
        ("[[room]]\n", ":1: [room]: must be a section"),
        ("config_version = 2\n" + ROOM, ":1: config_version: must be 1"),
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
            ROOM + 'type = "live_room"\ncreate = true\n[call]\nrole = "agent"',
            ':6: [call] role: cannot be "agent" with [room] type = "live_room": an agent',
        ),
        (ROOM + 'type = "double"', 'must be "double_room", "multi_room" or'),
        (ROOM + 'target = "x"', 'target: must be a list: target = ["...", "..."]'),
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
        ("camera", "picamera2", '"picamera2" is not available in this version; use'),
        ("camera", "v4l2:/dev/video0", '"v4l2" is not available in this version'),
        ("camera", "webcam", 'must be "synthetic" or "synthetic:PERSON" or "file:'),
        ("camera", "file:", 'needs something after the colon: "file:PATH"'),
        ("camera", "synthetic:x", 'needs a number from 1 to 8, e.g. "synthetic:2"'),
        ("camera", "synthetic:0", "needs a number from 1 to 8"),
        ("camera", "synthetic:9", "needs a number from 1 to 8"),
        ("camera", "synthetic:", "needs something after the colon"),
        ("camera", "", "must not be empty"),
        ("camera", "file:" + "x" * 5000, "is too long"),
        ("microphone", "alsa:default", '"alsa" is not available in this version'),
        ("microphone", "tone:loud", 'a frequency from 20 to 20000, e.g. "tone:440"'),
        ("microphone", "tone:20001", "a frequency from 20 to 20000"),
        ("microphone", "tone:²²", "a frequency from 20 to 20000"),
        ("speaker", "alsa", '"alsa" is not available in this version'),
        ("display", "kms", '"kms" is not available in this version; use "headless"'),
        ("buttons", "gpiozero", '"gpiozero" is not available in this version'),
        ("indicators", "gpiozero", '"gpiozero" is not available in this version'),
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

    assert found == (":4: [network] insecure: must be true or false, without quotes",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[room\n", ":1: not TOML: "),
        (b"[room]\nserver\n", ":2: not TOML: "),
        (b'[room]\nserver = "https://a', ":2: not TOML: Unterminated string; is the"),
        (b'[room]\ntarget = ["a",\n', ":3: not TOML: Invalid value; is the file cut"),
        (b"[room]\na = 1\na = 2\n", ":3: not TOML: the key or section stands there"),
        (b"[room]\n[room]\n", ":2: not TOML: the key or section stands there twice"),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[server]\nhttp = "8080"', ":2: [server] http: needs HOST:PORT"),
        ('[server]\nhttp = "a:66000"', "the port must be from 0 to 65535"),
        ('[server]\nhttp = "a b:80"', "needs a host name or address"),
        ('[server]\nhttp = ":80"', "needs a host name or address"),
        ('[server]\nhttp = "[::g]:80"', ":2: [server] http: "),
        ('[server]\nrtmp = "192.0.2.1:1935"', ":2: [server] rtmp: plain HTTP and"),
        (
            '[server]\nrtmp = "0.0.0.0:1935"\n[network]\ninsecure = true',
            ":2: [server] rtmp: is every address of this machine",
        ),
        (
            '[server]\nrtmp = "[::]:0"\n[network]\ninsecure = true',
            "set public_host to the name or address that kiosks",
        ),
        (
            '[server]\npush_key = "abcdefgh12345678"\nplay_key = "abcdefgh12345678"',
            ":3: [server] play_key: must differ from push_key",
        ),
        ('[im]\npath = "v4"', "path: does not look as the sample file shows it"),
        ('[server]\npublic_host = "tv.example"', "[server] public_host: plain HTTP"),
        ('[server]\npublic_host = "a:80"', ":2: [server] public_host: "),
        ('[server]\npublic_rtmp = "tv.example"', "public_rtmp: needs HOST:PORT"),
        ('[server]\npublic_rtmp = "localhost:0"', "public_rtmp: needs the port that"),
        ('[server]\npublic_rtmp = "tv.example:1"', "[server] public_rtmp: plain HTTP"),
        (
            '[server]\npublic_rtmp = "[::1]:1"\npublic_host = "::1"',
            ":3: [server] public_host: leave it out",
        ),
        ("[server]\ncapacity = 1", "capacity: must be at least 2"),
        ('[server]\npush_key = "sesame"', "push_key: needs 16 to 128 characters"),
        ('[server]\npush_key = "sesame-sesame-sesame"', "needs letters and digits"),
        ("[server]\nplay_key = 3", 'play_key: must be text in "quotes"'),
        ('[tls]\nkey = "a.pem"', ":2: [tls] key: needs certificate beside it"),
        ('[tls]\ncertificate = "a"', ":2: [tls] certificate: needs key beside it"),
        ('[server]\ntrusted_proxies = ["0.0.0.0/0"]', "everybody cannot be one"),
        ('[server]\ntrusted_proxies = ["::/0"]', "everybody cannot be one"),
        ('[server]\ntrusted_proxies = "nginx"', "must be a list of address ranges"),
        ('[limits]\nproxies = "all"', "proxies: must be a list of address ranges"),
        ("[limits]\nper_address = 1", "per_address: must be at least 2"),
        ('[compat]\noriginals = "on"', 'must be "off", "loopback" or a list of'),
        ("[compat]\noriginals = 3", 'must be "off", "loopback" or a list of'),
        ('[compat]\noriginals = ["10.0.0.1/8"]', "needs address ranges such as"),
        ("[compat]\noriginals = [3]", "needs address ranges such as"),
        (f"[compat]\noriginals = {['::1'] * 65}", "takes at most 64 address ranges"),
        ("[servr]\n", ":1: [servr]: unknown section; did you mean [server]?"),
    ],
)
def test_the_servers_file_is_checked_the_same_way(
    tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "server.toml").write_text(text)

    with pytest.raises(ConfigError) as raised:
        load_server(tmp_path / "server.toml")

    assert len(raised.value.mistakes) == 1
    assert expected in raised.value.mistakes[0]
    assert "sesame" not in raised.value.mistakes[0]


def test_a_server_with_a_certificate_may_listen_beyond_this_machine(
    tmp_path: Path,
) -> None:
    (tmp_path / "server.toml").write_text(
        '[server]\nhttp = "0.0.0.0:443"\nrtmp = "0.0.0.0:1936"\npublic_host = "a.b"\n'
        '[tls]\ncertificate = "a.pem"\nkey = "a.key"\n'
        '[limits]\nproxies = ["10.0.0.0/8"]\n'
    )

    config = load_server(tmp_path / "server.toml").config

    assert (config.tls.certificate, config.tls.key) == ("a.pem", "a.key")
    assert config.limits.proxies == ("10.0.0.0/8",)


def test_a_server_may_listen_beyond_this_machine_when_asked_to(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text(
        '[server]\nhttp = "[::]:80"\npublic_host = "::2"\n'
        '[compat]\noriginals = ["10.0.0.0/8", "::/0"]\n[network]\ninsecure = true\n'
    )

    config = load_server(tmp_path / "server.toml").config

    assert config.server.http == "[::]:80"
    assert config.server.public_host == "::2"
    assert config.compat.originals == ("10.0.0.0/8", "::/0")
