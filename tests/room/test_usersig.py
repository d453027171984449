from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import pytest

from kiosk.room.usersig import (
    BadUserSig,
    UnreadableUserSig,
    UserSigKey,
    signed_at,
    signed_text,
    unpack,
)


NOW = 1_795_222_306
KEY = UserSigKey(b"server secret", 1400012345, "12345")
RECORDED = json.loads(
    (Path(__file__).parents[1] / "wire" / "rtcroom_double_room.json").read_text("utf-8")
)["test_vectors"]["userSig"]


def pack(content: object) -> str:
    packed = zlib.compress(json.dumps(content).encode())
    return base64.b64encode(packed).decode().translate(str.maketrans("+/=", "*-_"))


def test_a_signature_is_accepted_for_its_user_until_it_expires() -> None:
    signature = KEY.sign("alice", NOW, 100)

    KEY.verify(signature, "alice", NOW)
    KEY.verify(signature, "alice", NOW + 100)
    with pytest.raises(BadUserSig, match="expired"):
        KEY.verify(signature, "alice", NOW + 101)
    with pytest.raises(BadUserSig, match="not yet valid"):
        KEY.verify(signature, "alice", NOW - 91)


def test_a_signature_says_when_it_was_made() -> None:
    assert signed_at(KEY.sign("alice", NOW)) == NOW
    assert signed_at(pack({"TLS.time": "soon"})) == signed_at(pack({})) == 0


def test_a_signature_is_worth_nothing_to_another_user() -> None:
    with pytest.raises(BadUserSig, match="another user"):
        KEY.verify(KEY.sign("alice", NOW), "mallory", NOW)


def test_a_signature_of_another_key_or_application_is_refused() -> None:
    other_key = UserSigKey(b"other secret", 1400012345, "12345")
    other_app = UserSigKey(b"server secret", 1, "12345")

    with pytest.raises(BadUserSig, match="signature is wrong"):
        KEY.verify(other_key.sign("alice", NOW), "alice", NOW)
    with pytest.raises(BadUserSig, match="another application"):
        KEY.verify(other_app.sign("alice", NOW), "alice", NOW)


def test_no_field_of_a_signature_can_be_changed() -> None:
    content = unpack(KEY.sign("alice", NOW))
    for name in content:
        forged = pack({**content, name: content[name] + "0"})
        with pytest.raises(BadUserSig, match="signature is wrong"):
            KEY.verify(forged, "alice", NOW)


@pytest.mark.parametrize("extra", [{"x": "1"}, {"TLS.sig": ""}])
def test_a_signature_with_other_fields_is_refused(extra: dict[str, str]) -> None:
    content = unpack(KEY.sign("alice", NOW))

    with pytest.raises(BadUserSig):
        KEY.verify(pack({**content, **extra}), "alice", NOW)


def test_times_that_are_no_numbers_are_expired() -> None:
    content = unpack(KEY.sign("alice", NOW))
    del content["TLS.sig"]
    content["TLS.time"] = "soon"
    content["TLS.sig"] = KEY._mac(content)

    with pytest.raises(BadUserSig, match="expired"):
        KEY.verify(pack(content), "alice", NOW)


def test_the_originals_outer_form_and_signed_lines_are_ours() -> None:
    content = unpack(RECORDED["userSig"])

    assert content == RECORDED["decoded"]
    assert signed_text(content).decode() == RECORDED["signed_text"]
    assert set(unpack(KEY.sign("alice", NOW))) == set(content)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("x" * 2049, "too long"),
        ("AAAA", "unknown compression"),
        ("!", "unknown compression"),
        ("", "not JSON"),
        (pack([]), "not JSON"),
        (pack({"a": "x" * 100_000}), "not JSON"),
        (pack({"a": 1}), "not text"),
    ],
)
def test_what_is_no_signature_is_unreadable(text: str, cause: str) -> None:
    with pytest.raises(UnreadableUserSig, match=cause):
        unpack(text)
