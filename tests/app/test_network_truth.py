"""Link, address, route and name are told apart, in a network that the test makes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.app.network_truth import NetworkTruth, resolvers
from kiosk.proxy import Proxy
from tests.lab.network import needs_network


ROOT = Path(__file__).parents[2]
LOOK = """
import asyncio, json, sys
from kiosk.app.network_truth import NetworkTruth

async def resolve(host, port):
    if host[0].isdigit():
        return [host]
    raise OSError("Name or service not known")

facts = asyncio.run(NetworkTruth(sys.argv[1], resolve).look())
probe = facts.probe()
print(json.dumps([facts.code, facts.reason, probe.found]))
"""
LISTEN = """
import asyncio
from kiosk.app.network_news import tell_network_changes

async def tell():
    print("listening", flush=True)
    await tell_network_changes(lambda: print("changed", flush=True))

asyncio.run(tell())
"""


class Site:
    """A machine without a network until the test gives it one; the cable's far end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.far = f"{name}-far"

    def ip(self, command: str) -> None:
        run = ["ip", "-n", self._name, *command.split()]
        subprocess.run(run, check=True, timeout=10, capture_output=True)

    def command(self, *arguments: str) -> Sequence[str]:
        return ["ip", "netns", "exec", self._name, sys.executable, *arguments]

    def look(self, url: str) -> tuple[str, str, str]:
        done = subprocess.run(
            self.command("-c", LOOK, url),
            cwd=ROOT,
            check=True,
            timeout=30,
            capture_output=True,
            text=True,
        )
        code, reason, found = json.loads(done.stdout)
        return code, reason, found


@pytest.fixture
def site() -> Iterator[Site]:
    name = f"kiosk-{uuid.uuid4().hex[:8]}"
    with namespace(name), namespace(f"{name}-far"):
        site = Site(name)
        site.ip("link set lo up")
        yield site


@contextmanager
def namespace(name: str) -> Iterator[None]:
    subprocess.run(["ip", "netns", "add", name], check=True, timeout=10)
    try:
        yield
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True, timeout=10)


def plug_in(site: Site, *, there: bool = True) -> None:
    """Give it an interface whose cable is in."""
    site.ip(f"link add eth0 type veth peer name far netns {site.far}")
    site.ip("link set eth0 up")
    if there:
        Site(site.far).ip("link set far up")


@needs_network
def test_what_is_missing_is_told_one_after_the_other_until_nothing_is(
    site: Site,
) -> None:
    url = "https://rooms.example.org"
    assert site.look(url)[:2] == (
        "N001",
        "N001 this machine has no network interface; plug its adapter in",
    )

    plug_in(site, there=False)
    code, reason, found = site.look(url)
    assert code == "N001"
    assert "no link on eth0" in reason
    assert found.startswith("eth0 down; no address; no route")

    Site(site.far).ip("link set far up")
    code, reason, _ = site.look(url)
    assert code == "N002"
    assert "DHCP" in reason

    site.ip("addr add 10.20.0.7/24 dev eth0")
    code, reason, _ = site.look("https://10.99.0.1")
    assert code == "N003"
    assert "no route to 10.99.0.1" in reason

    site.ip("route add default via 10.20.0.1")
    code, _, found = site.look("https://10.99.0.1")
    assert code == ""
    assert "10.20.0.7" in found
    assert found.endswith("by 10.20.0.1; server at 10.99.0.1")

    code, reason, _ = site.look(url)
    assert code == "N004"
    assert "the name rooms.example.org is not known" in reason
    assert "DNS server" in reason


@needs_network
def test_a_server_in_the_same_network_needs_no_gateway(site: Site) -> None:
    plug_in(site)
    site.ip("addr add 10.20.0.7/24 dev eth0")

    code, _, found = site.look("http://10.20.0.1:8080")

    assert code == ""
    assert "no route" in found


@needs_network
def test_a_change_of_the_network_is_told_at_once(site: Site) -> None:
    with subprocess.Popen(
        site.command("-c", LISTEN), cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as listening:
        try:
            assert listening.stdout is not None
            assert listening.stdout.readline() == "listening\n"
            time.sleep(0.5)
            began = time.monotonic()

            plug_in(site)

            assert listening.stdout.readline() == "changed\n"
            assert time.monotonic() - began < 5.0
        finally:
            listening.kill()


async def test_a_server_on_this_machine_needs_no_network() -> None:
    facts = await NetworkTruth("http://127.0.0.1:9").look()

    assert facts.reason == ""
    assert facts.probe().wrong == ""


async def test_a_resolver_that_says_nothing_is_not_waited_for() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(3600)
        return ()

    url = "https://rooms.example.org"
    facts = await NetworkTruth(url, never, name_s=0.1).look()

    assert "no answer to the name rooms.example.org" in facts.name


async def test_behind_a_proxy_it_is_the_way_to_the_proxy_that_counts() -> None:
    """Branches have no outside DNS: the server's name is the proxy's to look up."""
    looked_up: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        looked_up.append((host, port))
        return ["127.0.0.1"]

    proxy = Proxy("proxy.branch.example", 3128)
    truth = NetworkTruth("https://rooms.example.org", resolve, proxy=proxy)
    facts = await truth.look()

    assert looked_up == [("proxy.branch.example", 3128)]
    assert facts.name == "proxy at 127.0.0.1"
    assert not facts.reason


def test_the_dns_servers_are_read_where_they_are_set(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# by DHCP\nnameserver 10.0.0.53\n nameserver fd00::53\n", "utf-8")

    assert resolvers(file) == ("10.0.0.53", "fd00::53")
    assert resolvers(tmp_path / "nowhere") == ()
