"""A kiosk in a call with curl and ffmpeg, who follow the documented calls by hand."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fakes.branch import Branch, wait_until
from tests.fakes.hearing import heard, tone_dbfs
from tests.fakes.stranger_agent import (
    CLIP_HZ,
    Pull,
    StrangerAgent,
    make_clip,
    push,
    running,
)


pytestmark = pytest.mark.e2e

KIOSK_HZ = 1000


def test_a_kiosk_talks_to_curl_and_ffmpeg(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.flv", 10)
    with Branch() as branch:
        server = branch.start_server(heartbeat_timeout_s=60.0)
        kiosk = branch.start_kiosk()
        agent = StrangerAgent(server.url)
        with running(tmp_path / "push.log", *push(clip, agent.push_url)):
            agent.open_room()
            kiosk.wait_for("IDLE")
            kiosk.press("call")
            status = kiosk.wait_for("IN_CALL", 12.0)
            (peer,) = status["peers"]
            assert (peer["user_id"], peer["name"]) == (agent.user_id, "Stranger")

            pull = Pull(tmp_path)
            with pull.running(agent.wait_for_play_url()):
                began = time.monotonic()
                before = kiosk.status()["play"][0]["pictures_shown"]
                wait_until(
                    lambda: tone_dbfs(heard(kiosk.speaker, 0.5), CLIP_HZ) > -30,
                    "the kiosk hears the clip",
                )
                wait_until(lambda: pull.n_pictures > 50, "50 pictures pulled")
                wait_until(lambda: pull.seconds_heard > 1.5, "sound pulled")
                now = kiosk.status()
                shown = now["play"][0]["pictures_shown"] - before
                lasted = time.monotonic() - began
            agent.leave()
            kiosk.wait_for("IDLE")

    assert now["state"] == "IN_CALL"
    assert shown / lasted > 20
    assert pull.picture_rate > 20
    assert tone_dbfs(pull.samples(), KIOSK_HZ) > -30
    assert "Error" not in pull.log
