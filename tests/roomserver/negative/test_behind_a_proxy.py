"""
A proxy before the server makes nobody this machine, and nobody somebody else.

All requests come from loopback here, as they do where a proxy stands on the same
machine; the default rules grant loopback the dialect without login, a userSig for
the asking, and the operators' pages.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_server import running_server


ALICE, MALLORY = "203.0.113.9", "198.51.100.66"
PLAIN = ServerSettings(http_port=0, rtmp_port=0)
BEHIND = replace(PLAIN, border=BorderLimits(trusted_proxies=("127.0.0.1/32",)))
FORGED = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": "::1"},
    {"X-Forwarded-For": f"127.0.0.1, {MALLORY}"},
    {"X-Forwarded-For": MALLORY},
    {"X-Forwarded-For": ""},
    {"X-Forwarded-For": "127.0.0.1, 127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"X-Forwarded-Proto": "https"},
    {"x-forwarded-host": "kiosks.example.org"},
    {"Via": "1.1 proxy.example.org"},
    {"X-Client-IP": "127.0.0.1"},
    {"X-Cluster-Client-IP": "127.0.0.1"},
    {"CF-Connecting-IP": "127.0.0.1"},
    {"True-Client-IP": "127.0.0.1"},
]


class Asker:
    """Somebody who asks without any proof, through whatever is before the server."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self._client.get(path, params=query, headers=self._headers)

    async def room(self, route: str, **body: object) -> dict[str, Any]:
        path = f"/weapp/double_room/{route}"
        answer = await self._client.post(path, json=body, headers=self._headers)
        wire: dict[str, Any] = answer.json()
        return wire

    async def may_do_nothing(self) -> None:
        """Fail if anything is granted to the address alone."""
        assert (await self.room("get_push_url", userID="agent"))["code"] == 7
        assert (await self.room("get_room_list", cnt=20, index=0))["code"] == 7
        signature = await self.get("/weapp/utils/get_login_info", userID="agent")
        assert signature.json()["code"] == 7
        trial = await self.get("/weapp/utils/get_test_pushurl")
        assert trial.json()["code"] == 7
        for page in ("/status", "/fleet", "/fleet.json", "/metrics"):
            assert (await self.get(page)).status_code == 403
        report = await self._client.post(
            "/kiosk/report", json={}, headers=self._headers
        )
        assert report.json()["code"] == 7


@asynccontextmanager
async def server(settings: ServerSettings) -> AsyncGenerator[httpx.AsyncClient]:
    async with (
        running_server(settings) as (at, _),
        httpx.AsyncClient(base_url=at.http_url, timeout=10) as client,
    ):
        yield client


def through(client: httpx.AsyncClient, hops: str) -> Asker:
    return Asker(client, {"X-Forwarded-For": hops})


@pytest.mark.parametrize("headers", FORGED)
async def test_who_comes_through_a_proxy_nobody_named_is_not_this_machine(
    headers: dict[str, str],
) -> None:
    async with server(PLAIN) as client:
        await Asker(client, headers).may_do_nothing()

        direct = Asker(client, {})
        assert (await direct.room("get_push_url", userID="agent"))["code"] == 0
        assert (await direct.get("/status")).status_code == 200


@pytest.mark.parametrize("headers", [*FORGED, {}])
async def test_nobody_is_this_machine_behind_a_trusted_proxy(
    headers: dict[str, str],
) -> None:
    async with server(BEHIND) as client:
        await Asker(client, headers).may_do_nothing()


async def test_a_named_network_is_seen_through_a_trusted_proxy_and_not_claimed() -> (
    None
):
    settings = replace(BEHIND, compat_networks=("203.0.113.0/24",))
    async with server(settings) as client:
        inside = through(client, f"127.0.0.1, {ALICE}")
        claims = through(client, f"{ALICE}, {MALLORY}")

        assert (await inside.room("get_push_url", userID="alice"))["code"] == 0
        await claims.may_do_nothing()


async def test_without_a_login_two_clients_of_one_proxy_are_two() -> None:
    settings = replace(BEHIND, compat_networks=("0.0.0.0/0",))
    async with server(settings) as client:
        alice, mallory = through(client, ALICE), through(client, MALLORY)
        assert (await alice.room("get_push_url", userID="alice"))["code"] == 0

        assert (await mallory.room("get_push_url", userID="alice"))["code"] == 7
        assert (await alice.room("get_push_url", userID="alice"))["code"] == 0


async def test_one_client_of_a_proxy_does_not_use_up_anothers_requests() -> None:
    limits = AdmissionLimits(requests_per_address=1.0)
    border = replace(BEHIND.border, admission=limits)
    async with server(replace(BEHIND, border=border)) as client:
        flood = [
            (await through(client, MALLORY).get("/weapp/utils/x")).status_code
            for _ in range(8)
        ]

        assert 429 in flood
        other = await through(client, ALICE).get("/weapp/utils/x")
        assert other.status_code == 200


async def test_one_client_of_a_proxy_does_not_use_up_anothers_guesses() -> None:
    settings = replace(BEHIND, operators_password=b"correct horse battery")
    async with server(settings) as client:
        wrong = httpx.BasicAuth("ops", "wrong")
        right = httpx.BasicAuth("ops", "correct horse battery")
        mallory, alice = ({"X-Forwarded-For": one} for one in (MALLORY, ALICE))
        guesses = [
            await client.get("/status", auth=wrong, headers=mallory) for _ in range(6)
        ]
        others = await client.get("/status", auth=right, headers=alice)

    assert guesses[-1].status_code == 429
    assert others.status_code == 200


async def test_a_proxy_nobody_named_is_complained_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with server(PLAIN) as client:
        for _ in range(3):
            await through(client, MALLORY).get("/healthz")

    said = [one for one in caplog.messages if "trusted_proxies" in one]
    assert len(said) == 1
