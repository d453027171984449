"""What the doctor says of a configuration without mistakes."""

from __future__ import annotations

from pathlib import Path

from kiosk.app.doctor.installation import read_configuration


def test_a_device_that_is_none_is_a_warning_beside_what_is_good(tmp_path: Path) -> None:
    folder = tmp_path / "etc/kiosk"
    folder.mkdir(parents=True)
    devices = '[microphone]\ndevice = "alsa"\n[speaker]\ndevice = "alsa"\n'
    file = folder / "kiosk.toml"
    file.write_text(f'[room]\nserver = "https://rooms.example"\n{devices}', "utf-8")

    config, checks = read_configuration(None, tmp_path)

    assert config is not None
    assert [check.verdict.name for check in checks] == ["GOOD", "WARNING"]
    assert "[camera] device is synthetic" in checks[1].evidence
