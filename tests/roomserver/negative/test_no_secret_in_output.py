"""
A whole call as processes, and every secret of it searched in all they say (S16).

Keys and passwords are the test's own.  Tokens, signatures and stream keys are found
in the bytes that pass between the kiosks and the room service.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.fakes.branch import Branch, wait_until
from tests.fakes.programs import ROOT, Party, Server
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.strangers import program


pytestmark = pytest.mark.e2e

PUSH_KEY, PLAY_KEY = "canary0push0key00000", "canary0play0key00000"
PASSWORD, WRONG_PASSWORD = "canary0password000", "canary0wrong0password"
WRONG_KEY = "canary0wrong0enrolment0key"
PAGES = ("/status", "/fleet", "/fleet.json", "/metrics", "/readyz", "/healthz", "/none")
STREAM_KEY = rb"(?:txSecret|sig)=([0-9A-Za-z_-]{16,})"
DYNAMIC = (
    rb'"token": ?"([^"]{16,})"',
    rb'"userSig": ?"([^"]{16,})"',
    STREAM_KEY,
    rb"(?i)authorization: bearer ([^\r\n]{16,})",
    rb"[?&]token=([^& \r\n]{16,})",
)


class Listening:
    """A branch whose room calls pass a listening proxy, and what it was told."""

    def __init__(self, branch: Branch, between: Proxy) -> None:
        self.branch = branch
        self.between = between
        self.keys = branch.enrol("kiosk", "agent")
        self.said: list[str] = []
        self.server = branch.start_server(
            {
                "enrolment": {"file": str(branch.folder / "enrolled.toml")},
                "operators": {"password": PASSWORD, "access_log": "all"},
                "log": {"level": "debug", "format": "json"},
            },
            push_key=PUSH_KEY,
            play_key=PLAY_KEY,
        )
        between.lead_to(int(self.server.url.rpartition(":")[2]))
        between.listens = True
        branch.server_url = f"http://{between.address}"

    def start_parties(self) -> tuple[Party, Party]:
        kiosk_key, agent_key = self.keys
        agent = self.branch.start_agent(
            room={**agent_key, "create": True}, log={"level": "debug"}
        )
        loud = {"level": "debug", "format": "json"}
        kiosk = self.branch.start_kiosk(room=kiosk_key, log=loud)
        return agent, kiosk

    def secrets(self) -> set[str]:
        """Return every secret there was."""
        heard = bytes(self.between.heard)
        found = {one.decode() for form in DYNAMIC for one in re.findall(form, heard)}
        own = {PUSH_KEY, PLAY_KEY, PASSWORD, WRONG_PASSWORD, WRONG_KEY}
        basic = base64.b64encode(f"op:{PASSWORD}".encode()).decode()
        return found | own | {basic} | {key["enrolment_key"] for key in self.keys}

    def outputs(self) -> dict[str, str]:
        """Return all that any process wrote or answered."""
        files = [*self.branch.folder.glob("*.log"), *self.branch.folder.glob("*.out")]
        said = {file.name: file.read_text("utf-8", "replace") for file in files}
        return said | {
            f"answer {number}": text for number, text in enumerate(self.said)
        }


@pytest.fixture
def listening() -> Iterator[Listening]:
    with proxy() as between, Branch() as branch:
        yield Listening(branch, between)


def ask(server: Server, path: str, authorization: str = "", body: object = None) -> str:
    """Return what the server answers, its headers included."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": authorization} if authorization else {}
    headers |= {"Content-Type": "application/json"} if content else {}
    request = urllib.request.Request(server.url + path, content, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return f"{answer.headers}\n{answer.read().decode()}"
    except HTTPError as error:
        return f"{error.headers}\n{error.read().decode()}"


def meddle(server: Server, heard: bytes) -> list[str]:
    """Do what gets refused, with secrets that are right elsewhere; return the answers."""
    token = re.findall(rb'"token": ?"([^"]+)"', heard)[-1].decode()
    user_sig = re.findall(rb'"userSig": ?"([^"]+)"', heard)[-1].decode()
    room = "/weapp/double_room"
    said = [ask(server, page, f"Bearer {PASSWORD}") for page in PAGES]
    said += [ask(server, page, f"Bearer {WRONG_PASSWORD}") for page in PAGES]
    login = f"{room}/login?userID=kiosk&userSig={user_sig}"
    said += [
        ask(server, f"{room}/get_pushers?userID=x&token={token}", body={"roomID": "r"}),
        ask(server, f"{room}/get_pushers?userID=x", f"Bearer {token}", {"roomID": 5}),
        ask(server, f"{login}&sdkAppID=1&accountType=1", body={}),
        ask(server, f"{login}&sdkAppID=1400000000&accountType=36862", body={}),
        ask(server, "/weapp/utils/get_login_info?userID=kiosk", f"Bearer {WRONG_KEY}"),
        ask(server, f"{room}/get_pushers?token={token}&token={token}", body={}),
        ask(server, f"/nowhere/{token}?{user_sig}"),
        ask(server, "/kiosk/report", f"Bearer {token}", {"serial": token}),
    ]
    return said


def push_forged(server: Server, url: str) -> None:
    """Publish where another one may, at a relay that will say no."""
    command = (
        *(program("ffmpeg"), "-nostdin", "-loglevel", "quiet"),
        *("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-t", "1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-f", "flv", url),
    )
    subprocess.run(command, check=False, timeout=15)


def shown_configuration(branch: Branch) -> list[str]:
    """Return what a technician is shown of every configuration."""
    said: list[str] = []
    for name, more in (("server", ("--server",)), ("kiosk", ()), ("agent", ())):
        file = str(branch.folder / f"{name}.toml")
        command = (sys.executable, "-m", "kiosk", "config", "show", "--config", file)
        done = subprocess.run(
            [*command, *more], cwd=ROOT, capture_output=True, timeout=20, check=True
        )
        said += [done.stdout.decode(), done.stderr.decode()]
    return said


def test_no_secret_of_a_whole_call_is_in_anything_anybody_says(
    listening: Listening,
) -> None:
    server = listening.server
    agent, kiosk = listening.start_parties()
    agent.wait_for("WAITING")
    kiosk.wait_for("IDLE")
    kiosk.press("call")
    for party in (kiosk, agent):
        party.wait_for("IN_CALL")
        listening.said.append(json.dumps(party.status()))
    heard = bytes(listening.between.heard)
    listening.said += meddle(server, heard)
    [push_url, *_] = re.findall(rb'"pushURL": ?"(rtmp://[^"]+)"', heard)
    push_forged(server, push_url.decode().replace("sig=", "sig=x"))
    kiosk.press("hangup")
    wait_until(lambda: kiosk.state == "IDLE", "idle again")
    listening.said += shown_configuration(listening.branch)
    for party in (kiosk, agent):
        listening.said.append(json.dumps(party.status()))
        assert party.stop() == 0
    assert server.stop() == 0
    secrets, outputs = listening.secrets(), listening.outputs()

    for form in (DYNAMIC[0], DYNAMIC[1], STREAM_KEY):
        assert re.search(form, bytes(listening.between.heard)), form
    assert len(secrets) >= 14
    assert outputs["server.log"].count("request answered") > 20
    for name in ("kiosk.log", "agent.log", "server.out"):
        assert outputs[name]
    for name, text in outputs.items():
        for secret in secrets:
            assert secret not in text, f"{secret[:8]}... in {name}"
            assert secret[4:20] not in text, f"part of {secret[:8]}... in {name}"


def test_the_search_would_find_a_secret(listening: Listening, tmp_path: Path) -> None:
    log = listening.branch.folder / "kiosk.log"
    log.write_text(f"debug: key {PUSH_KEY}\n")
    text = listening.outputs()["kiosk.log"]
    log.unlink()  # the branch is searched for it as well

    assert any(secret in text for secret in listening.secrets())


@pytest.mark.parametrize("name", ["kiosk.log", "server.out"])
@pytest.mark.parametrize(
    "text",
    [
        f"the key is {PUSH_KEY}",
        "userSig=eJxtzE9vgjAYgPHv8l63jNLyZ5B4YCqLydBNTcxOTS3FvAqFYXGWZd99EV2yw67Pk-y",
        'answer: {"token": "0123456789abcdef0123"}',
        "rtmp://h/live/s?bizid=1&txSecret=7dc39eff0441968c992fd7718fa15713",
        "rtmp://h/live/s?v=2&jti=a&sig=" + "A" * 43,
        "Authorization: Bearer 0123456789abcdef",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_every_branch_is_searched_when_its_test_is_over(name: str, text: str) -> None:
    branch = Branch()
    store = branch.folder / "server.credentials"
    store.mkdir()
    (store / "kiosk-server.server.push_key").write_text(PUSH_KEY + "\n")
    (branch.folder / name).write_text(f"before\n{text}\nafter\n")

    with pytest.raises(AssertionError, match=rf"{name}: "), branch:
        pass


def test_a_branch_that_told_nothing_is_let_go() -> None:
    with Branch() as branch:
        (branch.folder / "kiosk.log").write_text("rtmp://h/live/…?… token=… eJx\n")
