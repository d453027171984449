"""The room server behind a site's proxy, as the doctor sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.doctor.check import Check, Verdict
from kiosk.app.doctor.server import look_at_relay, look_at_server
from kiosk.app.private_ca import make_private_ca
from kiosk.config.schema import KioskConfig
from kiosk.proxy import Proxy
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.tls import TlsFiles
from tests.fakes.connect_proxy import ConnectProxy, connect_proxy
from tests.fakes.own_thread import on_its_own_thread
from tests.fakes.room_server import running_server


def behind(proxy: ConnectProxy, url: str, ca: Path) -> KioskConfig:
    network = {"proxy": f"http://127.0.0.1:{proxy.port}", "ca_file": str(ca)}
    return KioskConfig.model_validate({"room": {"server": url}, "network": network})


def test_it_goes_the_way_that_calls_go_and_sees_the_servers_own_certificate(
    tmp_path: Path,
) -> None:
    ca = make_private_ca(tmp_path, ["rooms.invalid"])
    files = TlsFiles(str(ca.certificate), str(ca.key))
    settings = ServerSettings(http_port=0, rtmp_port=0, tls=files)
    names = {"rooms.invalid": "127.0.0.1"}
    with (
        on_its_own_thread("server", lambda: running_server(settings)) as (_, (at, _)),
        on_its_own_thread("proxy", lambda: connect_proxy(names)) as (_, proxy),
    ):
        url = at.http_url.replace("127.0.0.1", "rooms.invalid")
        found = list(look_at_server(behind(proxy, url, ca.authority), now_s=0.0))

    told = {check.what: check for check in found}
    assert "proxy at 127.0.0.1" in told["network"].evidence
    assert told["room server"].verdict is Verdict.GOOD
    assert "trusted, ends in" in told["certificate"].evidence


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 407 Who?\r\n\r\n", "kiosk.network.proxy_password"),
        (b"HTTP/1.1 403 No\r\n\r\n", "must permit CONNECT to rooms.invalid:443"),
    ],
)
def test_a_proxy_that_refuses_is_the_evidence(
    tmp_path: Path, answer: bytes, told: str
) -> None:
    ca = make_private_ca(tmp_path, ["rooms.invalid"])
    with on_its_own_thread("proxy", lambda: connect_proxy(None, answer)) as (_, proxy):
        config = behind(proxy, "https://rooms.invalid", ca.authority)
        found: list[Check] = list(look_at_server(config, now_s=0.0))

    assert found[-1].verdict is Verdict.FAILURE
    assert told in found[-1].evidence
    assert "[network] proxy" in found[-1].cure


def test_who_may_not_read_its_password_does_not_have_a_wrong_one_counted(
    tmp_path: Path,
) -> None:
    ca = make_private_ca(tmp_path, ["rooms.invalid"])
    with on_its_own_thread("proxy", connect_proxy) as (_, proxy):
        config = behind(proxy, "https://rooms.invalid", ca.authority)
        network = config.network.model_copy(update={"proxy_user": "kiosks"})
        nobody = config.model_copy(update={"network": network})
        _, found = look_at_server(nobody, now_s=0.0)

    assert found.verdict is Verdict.SKIPPED
    assert "sudo kiosk doctor" in found.evidence
    assert not proxy.asked


def test_a_relay_behind_it_is_left_to_the_test_call() -> None:
    found = look_at_relay("https://rooms.invalid", proxy=Proxy("proxy.example", 3128))

    assert found.verdict is Verdict.SKIPPED
    assert "the proxy proxy.example:3128" in found.evidence
    assert "kiosk test-call" in found.evidence
