from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)

from kiosk.room import messages as msg
from kiosk.room.usersig import BadUserSig, UnreadableUserSig
from kiosk.roomserver.asking import Asked, CloudCall
from kiosk.roomserver.im_cloud import MAX_WAITING, GroupCalls, GroupKeeper, ImAccount
from kiosk.roomserver.im_signature import CloudUserSigs, PrivateKey
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.im_client import ImClient
from tests.fakes.room_core import LOOPBACK, FakeCore, HandClock


RECORDED = json.loads(
    (Path(__file__).parents[1] / "wire" / "rtcroom_im_calls.json").read_text()
)
SDK_APP_ID = 1400012345
CURVE_KEY = ec.generate_private_key(ec.SECP256K1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


def pem_of(key: PrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def sigs(key: PrivateKey = CURVE_KEY) -> CloudUserSigs:
    return CloudUserSigs.from_pem(pem_of(key), SDK_APP_ID, "12345")


def calls(clock: HandClock | None = None) -> GroupCalls:
    clock = clock or HandClock()
    return GroupCalls(ImAccount(""), sigs(), clock.server_clock(), lambda below: 81013)


def said(call: CloudCall) -> dict[str, Any]:
    """Return a call as the recordings have it."""
    url = urlsplit(call.url)
    query = dict(parse_qsl(url.query, strict_parsing=True))
    assert len(query.pop("usersig")) > 200
    return {
        "method": "POST",
        "url": f"{url.scheme}://{url.netloc}{url.path}",
        "query": query,
        "body": json.loads(call.body),
    }


def recorded(command: str) -> dict[str, Any]:
    call = dict(RECORDED["calls"][command])
    call["query"] = {**call["query"], "random": "81013"}
    call["query"].pop("usersig")
    return call


@pytest.mark.parametrize("key", [CURVE_KEY, RSA_KEY], ids=["EC", "RSA"])
def test_a_signature_of_the_account_is_believed(key: PrivateKey) -> None:
    user_sigs = sigs(key)
    user_sig = user_sigs.sign("alice", 1_800_000_000)

    user_sigs.verify(user_sig, "alice", 1_800_000_100)
    with pytest.raises(BadUserSig, match="another user"):
        user_sigs.verify(user_sig, "bob", 1_800_000_100)
    with pytest.raises(BadUserSig, match="expired"):
        user_sigs.verify(user_sig, "alice", 1_900_000_000)


def test_a_signature_of_another_account_is_not() -> None:
    user_sig = sigs(ec.generate_private_key(ec.SECP256K1())).sign("a", 1_800_000_000)

    with pytest.raises(BadUserSig, match="signature"):
        sigs().verify(user_sig, "a", 1_800_000_000)
    with pytest.raises(UnreadableUserSig):
        sigs().verify("nonsense", "a", 1_800_000_000)


def test_a_signature_an_original_made_is_believed_with_its_public_key() -> None:
    public = load_pem_public_key(RECORDED["public_key_pem"].encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    account = CloudUserSigs(CURVE_KEY, public, SDK_APP_ID, "12345")

    account.verify(RECORDED["userSig"], "alice", 1_795_222_400)


def test_a_key_that_cannot_sign_is_refused_when_it_is_read() -> None:
    with pytest.raises(ValueError, match="no unencrypted PEM"):
        CloudUserSigs.from_pem(b"-----BEGIN NONSENSE-----", 1, "1")
    with pytest.raises(ValueError, match="neither an EC nor an RSA"):
        CloudUserSigs.from_pem(pem_of(ed25519.Ed25519PrivateKey.generate()), 1, "1")


def test_an_account_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    account = ImAccount(str(file))

    with pytest.raises(OSError, match=r"key\.pem"):
        account.user_sigs(1, "1")
    file.write_bytes(b"nonsense")
    with pytest.raises(OSError, match=r"key\.pem is no unencrypted PEM"):
        account.user_sigs(1, "1")


def test_every_call_is_the_one_the_originals_made() -> None:
    group = RECORDED["calls"]["create_group"]["body"]["GroupId"]
    made = calls()

    assert said(made.create(group, {})) == recorded("create_group")
    assert said(made.notify(group)) == recorded("send_group_system_notification")
    assert said(made.destroy(group)) == recorded("destroy_group")


def test_the_administrators_signature_is_made_anew_every_day() -> None:
    clock = HandClock()
    made = calls(clock)
    first = made.destroy("g").url
    clock.move(3600)
    later = made.destroy("g").url
    clock.move(24 * 3600)

    assert first == later
    assert made.destroy("g").url != first


def keeper(folder: Path) -> tuple[FakeCore, GroupKeeper]:
    """A server whose IM channel is the cloud's."""
    file = folder / "key.pem"
    file.write_bytes(pem_of(CURVE_KEY))
    account = ImAccount(str(file))
    core = FakeCore(ServerSettings(sdk_app_id=SDK_APP_ID, im_account=account))
    assert core.core.im_groups is not None
    return core, core.core.im_groups


def commands(core: FakeCore, told: GroupKeeper) -> list[str]:
    """Return what is due for the events so far."""
    due = [told.due(key) for key in core.rung]
    core.rung.clear()
    return [urlsplit(call.url).path.split("/")[-1] for call in due if call is not None]


NOTIFY = "send_group_system_notification"


def test_a_group_follows_the_members_of_its_room_and_ends_with_it(
    tmp_path: Path,
) -> None:
    core, told = keeper(tmp_path)
    core.create("agent")
    assert commands(core, told) == [NOTIFY]
    core.join("kiosk")
    assert commands(core, told) == [NOTIFY]
    core.ask(
        "send_room_text_msg",
        msg.SendRoomTextMsg("desk", "kiosk", "x").to_wire(),
        user="kiosk",
    )
    assert commands(core, told) == []
    core.ask("delete_pusher", msg.DeletePusher("desk", "kiosk").to_wire(), user="kiosk")
    assert commands(core, told) == [NOTIFY]
    core.ask("destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent")
    assert commands(core, told) == ["destroy_group"]


@pytest.mark.parametrize("reply", [None, b'{"ErrorCode":10021}', b"nonsense"])
def test_a_room_is_created_whatever_the_cloud_answers(
    reply: bytes | None, tmp_path: Path
) -> None:
    core, _ = keeper(tmp_path)
    core.log_in("agent")
    wire = msg.CreateRoom("agent", "Desk", "desk").to_wire()
    query = {"userID": "agent", "token": core.tokens["agent"]}
    asked = Asked("POST", "/weapp/double_room/create_room", query, wire, LOOPBACK)

    call = core.routes.answer(asked)

    assert isinstance(call, CloudCall)
    assert said(call)["body"]["GroupId"] == "desk"
    answer = call.finish(reply)
    assert (answer["code"], answer["roomID"]) == (0, "desk")


def test_the_servers_own_channel_is_silent_then(tmp_path: Path) -> None:
    core, _ = keeper(tmp_path)
    client = ImClient(core, "a")

    assert client.log_in() == {"code": 0, "data": {}}


async def test_many_changes_are_one_call_and_a_silent_cloud_stops_none(
    tmp_path: Path,
) -> None:
    core, told = keeper(tmp_path)
    core.create("agent")
    core.join("kiosk")
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def ask(call: CloudCall) -> bytes | None:
        asked.put_nowait(urlsplit(call.url).path.split("/")[-1])
        return None

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(told.tell_forever(ask))
        for _ in "123":
            told.on_event("desk")
        first = await asked.get()
        told.on_event("gone")
        second = await asked.get()
        telling.cancel()

    assert (first, second) == (NOTIFY, "destroy_group")
    assert asked.empty()


def test_a_cloud_that_lags_far_behind_is_told_no_more(tmp_path: Path) -> None:
    _, told = keeper(tmp_path)
    for number in range(MAX_WAITING + 10):
        told.on_event(str(number))

    assert told.waiting == MAX_WAITING
