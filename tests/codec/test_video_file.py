"""Video files as an endless row of pictures."""

from __future__ import annotations

import subprocess
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kiosk.codec.i420 import luma_of, planes_of
from kiosk.codec.video_file import VideoFile
from kiosk.errors import MediaError
from tests.fakes.clips import write_sound, write_video
from tests.fakes.h264_wire import clip
from tests.fakes.leaks import open_descriptors


def test_pictures_come_at_the_files_own_pace_and_begin_again(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "a.mp4", pictures=5), 160, 120)

    times = [video.advance() for _ in range(12)]
    video.close()

    assert times[0] == 0
    assert {b - a for a, b in pairwise(times)} == {40_000}


def test_each_round_shows_the_same_pictures(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "a.mp4", pictures=3), 160, 120)
    lumas: list[int] = []
    for _ in range(6):
        video.advance()
        lumas.append(round(float(planes_of(video.picture())[0].mean())))
    video.close()

    assert lumas[:3] == lumas[3:]
    assert lumas[:3] == sorted(lumas[:3])


def test_the_picture_keeps_its_shape_between_black_bars(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "a.mp4", size=(160, 120)), 640, 360)
    video.advance()
    y, u, v = planes_of(video.picture())
    video.close()

    assert y.shape == (360, 640)
    assert set(np.unique(y[:, :78])) == {16}
    assert set(np.unique(y[:, -78:])) == {16}
    assert int(y[:, 90:550].min()) > 160
    assert np.all(np.abs(u.astype(int) - 128) < 3)
    assert np.all(np.abs(v.astype(int) - 128) < 3)


def test_a_tall_picture_has_its_bars_at_the_sides_of_a_wide_one(
    tmp_path: Path,
) -> None:
    video = VideoFile(write_video(tmp_path / "a.mp4", size=(320, 80)), 320, 240)
    video.advance()
    y, _, _ = planes_of(video.picture())
    video.close()

    assert set(np.unique(y[:70])) == {16}
    assert int(y[90:150].min()) > 160


def test_one_picture_is_a_film_too(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    Image.new("RGB", (64, 48), (200, 200, 200)).save(path)
    video = VideoFile(str(path), 64, 48)

    times = [video.advance() for _ in range(4)]
    video.close()

    assert {b - a for a, b in pairwise(times)} == {40_000}


def test_a_raw_stream_without_time_stamps_runs_at_its_rate(tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    path.write_bytes(b"".join(unit.data for unit in clip(6)))
    video = VideoFile(str(path), 320, 240)

    times = [video.advance() for _ in range(10)]
    video.close()

    assert times == sorted(set(times))
    assert times[-1] < 1_000_000


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"nothing\.mp4: .*No such file"):
        VideoFile(str(tmp_path / "nothing.mp4"), 64, 48)


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("Dear customer" * 100)

    with pytest.raises(MediaError, match=r"letter\.mp4"):
        VideoFile(str(path), 64, 48)


def test_a_file_with_sound_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no video in it"):
        VideoFile(write_sound(tmp_path / "a.wav"), 64, 48)


def test_a_video_without_a_picture_that_decodes_is_refused(tmp_path: Path) -> None:
    whole = Path(write_video(tmp_path / "a.avi")).read_bytes()
    at = whole.index(b"movi")
    broken = tmp_path / "broken.avi"
    broken.write_bytes(whole[: at + 4] + bytes(len(whole) - at - 4))

    with pytest.raises(MediaError, match=r"broken\.avi"):
        VideoFile(str(broken), 64, 48)


def test_a_picture_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    Image.effect_noise((64, 48), 50).save(path)
    damaged = bytearray(path.read_bytes())
    damaged[60:200] = bytes(140)
    path.write_bytes(damaged)

    with pytest.raises(MediaError, match=r"still\.png"):
        VideoFile(str(path), 64, 48)


def test_a_video_cut_off_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = Path(write_video(tmp_path / "a.mpg", pictures=50)).read_bytes()
    cut = tmp_path / "cut.mpg"
    cut.write_bytes(whole[: len(whole) // 2])
    video = VideoFile(str(cut), 64, 48)

    times = [video.advance() for _ in range(120)]
    video.close()

    assert times == sorted(set(times))


def test_a_file_that_vanishes_ends_with_the_round(tmp_path: Path) -> None:
    path = Path(write_video(tmp_path / "a.mp4", pictures=2))
    video = VideoFile(str(path), 64, 48)
    path.unlink()
    video.advance()
    video.advance()

    with pytest.raises(MediaError, match="No such file"):
        video.advance()


@pytest.mark.parametrize("path", ["rtmp://127.0.0.1/live/x", "/dev/null", "", "."])
def test_only_files_are_opened(path: str) -> None:
    with pytest.raises(MediaError, match="No such file"):
        VideoFile(path, 64, 48)


def test_refused_files_are_not_left_open(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav")
    before = open_descriptors()

    for _ in range(20):
        with pytest.raises(MediaError):
            VideoFile(path, 64, 48)

    assert open_descriptors() == before


@pytest.mark.parametrize("size", [(66, 50), (98, 54), (322, 182), (638, 358)], ids=str)
def test_pictures_of_any_width_come_out_whole(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    # widths that are no multiple of a vector: swscale writes behind the lines
    film = write_video(tmp_path / "clip.mp4", size=(640, 480), luma=180)
    with closing(VideoFile(film, *size)) as video:
        for _ in range(20):
            video.advance()
            luma = luma_of(video.picture())

            assert luma.shape == (size[1], size[0])
            assert luma[:, size[0] // 2].min() > 170


def test_a_film_of_bt_709_becomes_bt_601_as_the_encoder_says(tmp_path: Path) -> None:
    film = tmp_path / "red.mp4"
    red = "color=red:s=640x360:d=0.2,format=rgb24,scale=out_color_matrix=bt709,"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"{red}format=yuv420p"),
            *("-colorspace", "bt709", "-c:v", "libx264", film),
        ],
        check=True,
        timeout=20,
    )
    with closing(VideoFile(str(film), 320, 180)) as video:
        middle = [int(plane[40, 80]) for plane in planes_of(video.picture())]

    assert middle == pytest.approx([81, 90, 240], abs=2)
