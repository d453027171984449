"""``kiosk snapshot``: every screen as a picture, and one clear line otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from kiosk.cli import main
from kiosk.ports import ScreenName
from kiosk.ui.scenes import SCENES
from kiosk.ui.texts import LANGUAGES


def test_every_screen_has_a_scene() -> None:
    assert {scene.name for scene in SCENES.values()} == set(ScreenName)


def test_all_screens_are_listed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", "--list"]) == os.EX_OK

    assert capsys.readouterr().out.split() == list(SCENES)


@pytest.mark.parametrize("screen", SCENES)
def test_every_screen_is_written_in_its_size(screen: str, tmp_path: Path) -> None:
    out = tmp_path / "out.png"

    status = main(["snapshot", "--screen", screen, "--size", "320x180", str(out)])

    assert status == os.EX_OK
    with Image.open(out) as image:
        assert (image.size, image.mode) == ((320, 180), "RGB")


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_differ(language: str, tmp_path: Path) -> None:
    pictures = []
    for chosen in (language, "en"):
        out = tmp_path / f"{chosen}.png"
        asked = ["--screen", "idle", "--lang", chosen, "--size", "320x180"]
        assert main(["snapshot", *asked, str(out)]) == os.EX_OK
        pictures.append(out.read_bytes())

    assert (pictures[0] == pictures[1]) is (language == "en")


def test_names_and_colours_are_those_of_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text(
        '[room]\nserver = "http://127.0.0.1:1"\n'
        '[kiosk]\nlanguage = "zh_CN"\n'
        '[branding]\nname = "My Bank"\naccent = "#802060"\n'
    )
    asked = ["snapshot", "--screen", "idle", "--size", "320x180"]
    ours, sample = tmp_path / "ours.png", tmp_path / "sample.png"

    assert main([*asked, "--config", str(config), str(ours)]) == os.EX_OK
    assert main([*asked, str(sample)]) == os.EX_OK

    with Image.open(ours) as image:
        red, _, blue = image.getpixel((300, 30))  # type: ignore[misc]
    assert red > blue
    assert ours.read_bytes() != sample.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--screen", "nothing", "out.png"],
            "no screen 'nothing'; there are: starting",
        ),
        (["--screen", "idle", "--lang", "fr", "out.png"], "no language 'fr'"),
        (["--screen", "idle", "--size", "12", "out.png"], "WIDTHxHEIGHT"),
        (["--screen", "idle", "out.nothing"], "unknown file extension"),
        (["--screen", "idle"], "needs --screen NAME and a file"),
        (["out.png"], "needs --screen NAME and a file"),
    ],
)
def test_what_is_unknown_is_said_in_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["snapshot", *arguments]) == os.EX_USAGE

    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "nowhere" / "out.png"

    status = main(["snapshot", "--screen", "idle", "--size", "320x180", str(out)])

    assert status == os.EX_TEMPFAIL
    assert "No such file" in capsys.readouterr().err
