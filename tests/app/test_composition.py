"""Every device text of the configuration leads to its adapter, and settings arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app import devices
from kiosk.app.chime import ring
from kiosk.app.daemon_settings import settings_of
from kiosk.app.server_process import settings_of as server_settings_of
from kiosk.call.events import Timer
from kiosk.call.states import Role
from kiosk.config.load import load_kiosk, load_server
from kiosk.config.schema import KioskConfig, MediaSection
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.devices.testing.v4l2_machine import FakeMachine
from kiosk.devices.testing.v4l2_webcam import FakeWebcam
from kiosk.errors import ConfigError
from kiosk.media.jitter import DelayBounds
from kiosk.roomserver.rooms import CreatorLeaves
from tests.fakes.stored_secrets import site
from tests.fakes.webcams import camera_module_nodes, webcam


CLOCK = MonotonicClock()


def config(tmp_path: Path, more: str = "") -> KioskConfig:
    file = tmp_path / "kiosk.toml"
    file.write_text(
        f'[room]\nserver = "http://127.0.0.1:8080"\n{more}', encoding="utf-8"
    )
    return load_kiosk(file).config


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ("", "SyntheticCamera"),
        ('[camera]\ndevice = "synthetic:3"\npreset = "180p"', "SyntheticCamera"),
        ('[camera]\ndevice = "file:/clip.mp4"\nbitrate_kbps = 1200', "FileCamera"),
        ('[camera]\ndevice = "picamera2"', "Picamera2Camera"),
        ('[camera]\ndevice = "picamera2:imx708"', "Picamera2Camera"),
    ],
)
def test_a_camera_text_names_its_adapter(tmp_path: Path, more: str, name: str) -> None:
    assert type(devices.make_camera(config(tmp_path, more), CLOCK)).__name__ == name


@pytest.mark.parametrize(
    ("nodes", "has_picamera2", "kind"),
    [
        ((webcam(),), True, "v4l2"),
        ((webcam(),), False, "v4l2"),
        (camera_module_nodes(), True, "picamera2"),
        ((), True, "picamera2"),
        ((), False, "v4l2"),
    ],
)
def test_the_camera_that_is_there_is_the_one_on_usb_before_the_boards_own(
    nodes: tuple[FakeWebcam, ...], has_picamera2: bool, kind: str
) -> None:
    machine = FakeMachine(*nodes)
    assert devices.kind_of_camera(machine, lambda: has_picamera2) == kind


def test_whatever_camera_is_there_has_an_adapter(tmp_path: Path) -> None:
    made = devices.make_camera(config(tmp_path, '[camera]\ndevice = "auto"'), CLOCK)
    assert type(made).__name__ in {"V4l2Camera", "Picamera2Camera"}


@pytest.mark.parametrize(
    ("device", "test_every_s", "seconds"),
    [("alsa", 3600, 5.0), ("alsa", 0, 0.0), ("synthetic", 3600, 0.0)],
)
def test_only_a_sound_card_is_ever_dead(
    tmp_path: Path, device: str, test_every_s: int, seconds: float
) -> None:
    text = f'[microphone]\ndevice = "{device}"\ntest_every_s = {test_every_s}'
    assert devices.deaf_after_s(config(tmp_path, text)) == seconds


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("synthetic", "SyntheticMicrophone"),
        ("tone:440", "SyntheticMicrophone"),
        ("file:/sound.wav", "FileMicrophone"),
    ],
)
def test_a_microphone_text_names_its_adapter(
    tmp_path: Path, device: str, name: str
) -> None:
    made = devices.make_microphone(
        config(tmp_path, f'[microphone]\ndevice = "{device}"'), CLOCK
    )

    assert type(made).__name__ == name


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("synthetic", "SyntheticSpeaker"),
        ("file:/record.wav", "FileSpeaker"),
        ("alsa", "AlsaSpeaker"),
        ("alsa:usb:1-1.3", "AlsaSpeaker"),
    ],
)
def test_a_speaker_text_names_its_adapter(
    tmp_path: Path, device: str, name: str
) -> None:
    made = devices.make_speaker(
        config(tmp_path, f'[speaker]\ndevice = "{device}"'), CLOCK
    )

    assert type(made).__name__ == name


@pytest.mark.parametrize(
    ("audio", "names"),
    [
        ("", []),  # no synthetic microphone hears the loudspeaker
        ('echo_canceller = "off"', []),
        ('echo_canceller = "livekit"', ["livekit", "speex", "duck"]),
        ('echo_canceller = "speex"', ["speex", "duck"]),
        ('echo_canceller = "duck"', ["duck"]),
    ],
)
def test_an_echo_canceller_is_followed_by_those_that_may_replace_it(
    tmp_path: Path, audio: str, names: list[str]
) -> None:
    usable = devices.echo_cancellers(config(tmp_path, f"[audio]\n{audio}"))

    assert [name for name, _ in usable] == names


@pytest.mark.parametrize("device", ["alsa", "alsa:Device"])
def test_a_microphone_that_hears_the_loudspeaker_has_its_echo_cancelled(
    tmp_path: Path, device: str
) -> None:
    usable = devices.echo_cancellers(
        config(tmp_path, f'[microphone]\ndevice = "{device}"')
    )

    assert [name for name, _ in usable] == ["livekit", "speex", "duck"]


def test_every_echo_canceller_can_be_made_with_what_is_configured(
    tmp_path: Path,
) -> None:
    audio = '[audio]\necho_canceller = "livekit"\nnoise_suppression = false'
    made = [make() for _, make in devices.echo_cancellers(config(tmp_path, audio))]
    for canceller in made:
        canceller.close()

    assert [canceller.delay_us for canceller in made] == [9_000, 10_000, 0]
    assert [type(canceller).__name__ for canceller in made] == [
        "LivekitEchoCanceller",
        "SpeexEchoCanceller",
        "DuckingEchoCanceller",
    ]


def test_a_button_text_names_its_adapter(tmp_path: Path) -> None:
    script = tmp_path / "presses"
    script.write_text("0.5 call\n", encoding="utf-8")

    names = [
        type(
            devices.make_buttons(
                config(tmp_path, f'[buttons]\ndevice = "{device}"'), CLOCK
            )
        ).__name__
        for device in ("none", "keyboard", f"script:{script}")
    ]

    assert names == ["NoButtons", "KeyboardButtons", "ScriptButtons"]


def test_wired_buttons_and_lamps_have_adapters_of_their_own(tmp_path: Path) -> None:
    wired = config(
        tmp_path,
        '[buttons]\ndevice = "gpiozero"\ncall = 17\n'
        '[indicators]\ndevice = "gpiozero"\nfault = 16\nactive_low = true',
    )

    keypad = config(tmp_path, '[buttons]\ndevice = "evdev:Big Pad"\ncall = "ENTER"')

    made = (
        devices.make_buttons(wired, CLOCK),
        devices.make_buttons(keypad, CLOCK),
        devices.make_indicators(wired, CLOCK),
    )

    assert [type(each).__name__ for each in made] == [
        "GpiozeroButtons",
        "EvdevButtons",
        "GpiozeroIndicators",
    ]


def test_a_button_script_with_mistakes_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        devices.make_buttons(
            config(tmp_path, f'[buttons]\ndevice = "script:{tmp_path}/none"'), CLOCK
        )


def test_a_lamp_text_names_its_adapter(tmp_path: Path) -> None:
    names = [
        type(
            devices.make_indicators(
                config(tmp_path, f'[indicators]\ndevice = "{device}"'), CLOCK
            )
        ).__name__
        for device in ("memory", f"file:{tmp_path}/lamps")
    ]

    assert names == ["MemoryIndicators", "FileIndicators"]


@pytest.mark.parametrize(
    ("socket", "name"), [(None, "SilentInit"), ("/run/notify", "NotifyInit")]
)
def test_the_supervisor_is_systemd_where_it_asked_for_one(
    socket: str | None, name: str
) -> None:
    assert type(devices.make_init(socket)).__name__ == name


def test_kiosk_and_agent_beep_at_different_pitches(tmp_path: Path) -> None:
    kiosk = devices.beep_hz(config(tmp_path))
    agent = devices.beep_hz(config(tmp_path, '[call]\nrole = "agent"'))

    assert kiosk == agent[::-1]
    assert kiosk[0] != kiosk[1]


def test_without_a_media_section_a_kiosk_has_the_playout_bounds_that_were_measured() -> (
    None
):
    unset = MediaSection()

    assert DelayBounds() == DelayBounds(
        start_us=unset.target_ms * 1_000,
        least_us=unset.min_ms * 1_000,
        most_us=unset.max_ms * 1_000,
        lossy_us=unset.lossy_ms * 1_000,
    )


def test_durations_reach_the_daemon_and_an_agent_waits_for_ever(tmp_path: Path) -> None:
    kiosk = settings_of(config(tmp_path, "[call]\nanswer_s = 12\ngrace_s = 9"))
    agent = settings_of(config(tmp_path, '[call]\nrole = "agent"\nanswer_s = 12'))

    assert kiosk.durations_s[Timer.ANSWER] == 12
    assert kiosk.durations_s[Timer.GRACE] == 9
    assert agent.durations_s[Timer.ANSWER] is None
    assert agent.role is Role.AGENT


def test_the_server_is_told_what_its_file_says(tmp_path: Path) -> None:
    site(
        tmp_path,
        "[server]\n"
        'http = "127.0.0.1:0"\n'
        'rtmp = "127.0.0.1:0"\n'
        "capacity = 3\n"
        'creator_leaves = "stay"\n'
        "[compat]\n"
        'originals = ["10.0.0.0/8"]\n',
        "server.toml",
        server__push_key="0123456789abcdef0123",
    )

    settings = server_settings_of(load_server(root=tmp_path).config)

    assert settings.capacity == 3
    assert settings.creator_leaves is CreatorLeaves.STAY
    assert settings.push_key == b"0123456789abcdef0123"
    assert settings.play_key == b""
    assert settings.compat_networks == ("10.0.0.0/8",)


@pytest.mark.parametrize(("originals", "n_networks"), [("off", 0), ("loopback", 2)])
def test_originals_are_answered_where_the_file_says(
    tmp_path: Path, originals: str, n_networks: int
) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f'[compat]\noriginals = "{originals}"\n', encoding="utf-8")

    settings = server_settings_of(load_server(file).config)

    assert len(settings.compat_networks) == n_networks


async def test_the_chime_is_heard_and_the_speaker_closed() -> None:
    made: list[SyntheticSpeaker] = []

    def make() -> SyntheticSpeaker:
        made.append(SyntheticSpeaker(CLOCK))
        return made[-1]

    await ring(make)

    assert not made[0].is_open
