"""utils: trial streams and the check of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.room.stream_url import stream_of
from kiosk.roomserver.asking import CloudCall
from kiosk.roomserver.mixing import MixingAccount
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.gate_answers import admitted, refused
from tests.fakes.room_core import FakeCore, Json


ACCOUNT = MixingAccount(1251234567, "fedcba9876543210fedcba9876543210")
ROUTES = ["get_test_pushurl", "get_test_rtmpaccurl", "check_config"]


def utils(core: FakeCore, route: str, address: str = "127.0.0.1") -> Json:
    return core.ask(route, method="GET", folder="utils", address=address)


def test_a_trial_stream_can_be_pushed_and_played_for_a_while() -> None:
    core = FakeCore()
    urls = utils(core, "get_test_pushurl")
    stream, _, query = str(urls["url_push"]).rpartition("/")[2].partition("?")
    gate = core.core.gate

    admitted(gate.authorize_publish("live", stream, query))
    played = str(urls["url_play_acc"]).partition("?")[2]
    admitted(gate.authorize_play("live", stream, played))
    core.clock.move(120)
    core.sweep()
    refused(gate.authorize_publish("live", stream, query))
    assert core.relay.cuts == [stream]


def test_the_low_latency_url_is_that_of_the_newest_trial_stream() -> None:
    core = FakeCore()
    fixed = str(utils(core, "get_test_rtmpaccurl")["url_rtmpacc"])
    stream = stream_of(str(utils(core, "get_test_pushurl")["url_push"]))

    assert stream_of(fixed) == "8525_testclock_rtmpacc"
    newest = utils(core, "get_test_rtmpaccurl")["url_rtmpacc"]
    assert stream_of(str(newest)) == stream


def test_nothing_here_plays_over_http() -> None:
    urls = utils(FakeCore(), "get_test_pushurl")

    assert (urls["url_play_flv"], urls["url_play_hls"]) == ("", "")
    assert urls["url_play_rtmp"] == urls["url_play_acc"]


def test_trial_streams_are_few() -> None:
    core = FakeCore()
    for _ in range(5):
        utils(core, "get_test_pushurl")

    assert len(core.relay.cuts) == 1


def test_a_full_table_of_streams_has_no_trial_stream() -> None:
    core = FakeCore()
    for number in range(2500):
        user = f"user{number}"
        for _ in range(4):
            core.ask("get_push_url", {"userID": user})

    assert utils(core, "get_test_pushurl")["code"] == 6


@pytest.mark.parametrize("route", ROUTES)
def test_trials_are_for_trusted_networks_only(route: str) -> None:
    assert utils(FakeCore(), route, address="192.0.2.7")["code"] == 7


def test_nobody_is_given_a_signature_for_the_cdn() -> None:
    core = FakeCore(ServerSettings(mixing=ACCOUNT))

    answer = core.ask(
        "get_login_info", {"time": 600, "userID": "alice"}, folder="utils"
    )

    assert answer["userID"] == "alice"
    assert not {"sign", "txTime"} & set(answer)


def test_a_server_with_nothing_to_check_is_right() -> None:
    assert utils(FakeCore(), "check_config")["result"] == "检查正确"


def test_a_log_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    there = FakeCore(ServerSettings(log_folder=tmp_path))
    missing = FakeCore(ServerSettings(log_folder=tmp_path / "missing"))

    assert utils(there, "check_config")["result"] == "检查正确"
    answer = utils(missing, "check_config")
    assert answer["result"] == "检查失败"
    assert answer["log"] == {"folder": "cannot be read"}


def test_the_cloud_is_asked_whether_the_account_is_good() -> None:
    core = FakeCore(ServerSettings(mixing=ACCOUNT))

    call = core.ask_anything("check_config", method="GET", folder="utils")

    assert isinstance(call, CloudCall)
    assert call.body == b""
    assert "interface=Live_Channel_GetStatus" in call.url
    assert call.url.endswith("&Param.s.channel_id=abc")
    assert call.finish(b'{"ret":0}')["result"] == "检查正确"
    refused = call.finish(b"sign error")
    assert refused["result"] == "检查失败"
    assert list(refused["live"]) == ["appID", "APIKey"]  # type: ignore[call-overload]
    assert call.finish(None)["live"] == {"endpoint": "does not answer"}
