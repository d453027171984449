"""A call through nginx before two servers on one store, as an operator would run them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from kiosk.devices.camera_synthetic import SENSOR
from kiosk.room.fields import Fields
from kiosk.room.still_requests import GET_BYTES, PUT_BYTES, StillPart
from tests.fakes.balancer import balancer
from tests.fakes.branch import Branch, wait_for_new_pictures, wait_until
from tests.fakes.camera_watch import devices_watched
from tests.fakes.im_client import GROUPS, POLLS
from tests.fakes.programs import Party, Server
from tests.fakes.reading import texts_to
from tests.fakes.redis_process import RedisProcess
from tests.fakes.slow_member import SlowMember
from tests.fakes.still_asking import Asking, asks
from tests.fakes.stored_secrets import Settings
from tests.fakes.strangers import program


pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Site:
    """Two servers, one store, nginx before them, and two parties with keys."""

    branch: Branch
    servers: tuple[Server, Server]
    keys: tuple[Mapping[str, Any], Mapping[str, Any]]

    @property
    def url(self) -> str:
        return self.branch.server_url


@pytest.fixture
def site() -> Iterator[Site]:
    with ExitStack() as stack:
        redis = stack.enter_context(RedisProcess())
        branch = stack.enter_context(Branch())
        keys = branch.enrol("kiosk", "agent")
        settings: Settings = {
            "server": {"trusted_proxies": ["127.0.0.1/32"]},
            "store": {"url": redis.url},
            "enrolment": {"file": str(branch.folder / "enrolled.toml")},
        }
        one, two = (branch.start_named_server(name, settings) for name in "ab")
        ports = [int(server.url.rpartition(":")[2]) for server in (one, two)]
        branch.server_url = stack.enter_context(balancer(branch.folder, *ports))
        yield Site(branch, (one, two), (keys[0], keys[1]))


def written(site: Site) -> list[int]:
    """Return when nginx last made a file for a body or an answer, or removed one."""
    folders = (site.branch.folder / kind for kind in ("client_body", "proxy"))
    return [folder.stat().st_mtime_ns for folder in folders]


def called(site: Site) -> tuple[Party, Party]:
    kiosk_key, agent_key = site.keys
    agent = site.branch.start_agent(room={**agent_key, "create": True})
    kiosk = site.branch.start_kiosk(room=dict(kiosk_key))
    agent.wait_for("WAITING")
    kiosk.wait_for("IDLE")
    kiosk.press("call")
    for party in (kiosk, agent):
        party.wait_for("IN_CALL")
        wait_for_new_pictures(party)
    return kiosk, agent


class ImListener:
    """The agent's ear at the IM channel, as a client of the originals has one."""

    def __init__(self, site: Site, room_id: str) -> None:
        self._client = httpx.Client(base_url=site.url, timeout=30.0)
        key = site.keys[1]["enrolment_key"]
        account = self._client.get(
            "/weapp/utils/get_login_info",
            params={"userID": "agent"},
            headers={"Authorization": f"Bearer {key}"},
        ).json()
        names = {"identifier": "agent", "usersig": account["userSig"]}
        known = self._ask("/v4/openim/login", names, {})
        self._query = {"tinyid": known["TinyId"], "a2": known["A2Key"]}
        joining = {"GroupId": room_id}
        join = self._ask(f"/{GROUPS}/apply_join_group", self._query, joining)
        self._next: dict[str, object] = {"StartSeq": 0, "Key": join["LongPollingKey"]}

    def hear_text(self, text: str) -> None:
        """Poll until somebody says this."""
        for _ in range(20):
            answer = self._ask(
                f"/{POLLS}/get_msg", self._query, {"HoldTime": 90, **self._next}
            )
            self._next = {"StartSeq": answer["NextSeq"], "Key": answer["Key"]}
            if text in json.dumps(answer["RspMsgList"]):
                return
        pytest.fail(f"nobody said {text!r}")

    def close(self) -> None:
        self._client.close()

    def _ask(self, path: str, query: dict[str, str], body: object) -> dict[str, Any]:
        """Ask again where a server went while it had the question, as clients do."""
        for _ in range(20):
            answer = self._client.post(path, params=query, json=body)
            if answer.status_code == httpx.codes.OK:
                wire: dict[str, Any] = answer.json()
                return wire
        return pytest.fail(f"{path}: no answer but errors")


def test_a_call_and_its_channels_outlive_a_server_behind_the_balancer(
    site: Site,
) -> None:
    kiosk, agent = called(site)
    im = ImListener(site, agent.status()["room_id"])
    with texts_to(agent) as read_by_agent:
        kiosk.control.text("before")
    im.hear_text("before")
    with texts_to(kiosk) as read_by_kiosk:
        agent.control.text("good day")
    assert read_by_agent.get(timeout=5) == "kiosk: before"
    assert read_by_kiosk.get(timeout=5) == "agent: good day"

    with devices_watched(kiosk, agent):
        site.servers[0].kill()
        for party in (kiosk, agent):
            wait_for_new_pictures(party)
            party.wait_for("IN_CALL")
    with texts_to(agent) as read_by_agent:
        kiosk.control.text("after")
    im.hear_text("after")
    im.close()
    assert read_by_agent.get(timeout=5) == "kiosk: after"
    assert [party.status()["call"] for party in (kiosk, agent)] == [1, 1]
    agent.press("hangup")
    kiosk.wait_for("IDLE")


def test_requests_reach_both_servers_and_none_as_this_machine(site: Site) -> None:
    with httpx.Client(base_url=site.url) as client:
        for _ in range(4):
            asked = {"userID": "anybody"}
            v1 = client.post("/weapp/double_room/get_push_url", json=asked)
            account = client.get("/weapp/utils/get_login_info", params=asked)
            page = client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})

            assert (v1.json()["code"], account.json()["code"]) == (7, 7)
            assert page.status_code == 403

    def both_refused() -> bool:
        return all("request answered" in server.log for server in site.servers)

    wait_until(both_refused, "both were asked")


def test_a_photograph_arrives_whole_over_two_servers_and_on_no_disk(
    site: Site,
) -> None:
    kiosk, agent = called(site)
    before = written(site)
    for _ in range(2):
        asking = Asking(agent)
        wait_until(lambda: asks(kiosk), "the customer is asked")
        kiosk.press("call")
        asking.join(15.0)

        assert asking.refusal == ""
        assert len(asking.jpeg) > 2 * PUT_BYTES
        with Image.open(BytesIO(asking.jpeg)) as image:
            image.load()
            assert image.size == SENSOR
    assert written(site) == before


def test_a_slow_reader_of_a_photograph_makes_nginx_write_no_file(site: Site) -> None:
    jpeg = b"\xff\xd8\xff" + bytes(GET_BYTES)
    member = SlowMember(site.url, "agent", site.keys[1]["enrolment_key"])
    before = written(site)
    member.leave_still(jpeg)
    part = StillPart.read(Fields(member.read_still_slowly()))
    member.close()

    assert part.data == jpeg[:GET_BYTES]
    assert written(site) == before


def test_no_token_is_in_the_proxys_log_when_servers_are_gone(site: Site) -> None:
    canary = "canary-of-the-log"
    for server in site.servers:
        server.kill()
    query = {"userID": "anybody", "token": canary}
    with httpx.Client(base_url=site.url) as client:
        for route in ("get_room_list", "put_still"):
            path = f"/weapp/double_room/{route}"
            answer = client.post(path, params=query, json={})
            assert answer.status_code == httpx.codes.BAD_GATEWAY

    logs = list(site.branch.folder.glob("nginx*.log"))
    assert len(logs) == 2
    assert not [log for log in logs if canary in log.read_text("utf-8")]


def test_nginx_takes_the_sample_as_it_is(site: Site) -> None:
    sample = site.branch.folder / "balancer.conf"
    said = subprocess.run(
        [program("nginx"), "-t", "-p", str(site.branch.folder), "-c", str(sample)],
        capture_output=True,
        timeout=10,
        check=False,
    )

    assert said.returncode == 0, said.stderr
