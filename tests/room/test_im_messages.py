from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.room.fields import BadRequest
from kiosk.room.im_messages import (
    MAX_MESSAGE_BYTES,
    Said,
    TooLong,
    body_of,
    escaped,
    read_said,
    unescaped,
)
from kiosk.room.wire_json import Wire


HEAD = '{"cmd":"CustomTextMsg","data":{"nickName":"A","headPic":"123"}}'


def custom(text: str) -> Wire:
    return {"MsgType": "TIMCustomElem", "MsgContent": {"Data": text, "Ext": ""}}


def plain(text: str) -> Wire:
    return {"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}


def read(*elements: Wire) -> Said:
    return read_said({"MsgBody": list(elements)})


def shown_by_mini_program(body: list[Wire]) -> tuple[dict[str, object], str]:
    """Join and cut as the original client does (protocol 6.2)."""
    texts = [
        str(content.get("Text", content.get("Data")))
        for content in (element["MsgContent"] for element in body)
        if isinstance(content, dict)
    ]
    joined = "".join(texts).replace("&nbsp;", " ").replace("<br/>", "\n")
    head, *rest = joined.split("}}")
    return json.loads(head + "}}"), "}}".join(rest)


def test_the_recorded_text_of_an_original_reads_as_it_was_typed() -> None:
    said = read(custom(HEAD), plain("hello }} &quot;B&quot; 你好"))

    assert said == Said('hello }} "B" 你好')


def test_a_head_and_its_text_in_one_element_are_cut_at_the_first_braces() -> None:
    assert read(custom(HEAD + "one }} two")) == Said("one }} two")


def test_a_head_broken_by_a_quote_in_a_nickname_still_brings_its_text() -> None:
    broken = '{"cmd":"CustomTextMsg","data":{"nickName":"A "B"","headPic":"1"}}'

    assert read(custom(broken), plain("hi")) == Said("hi")


def test_text_without_a_head_and_emoji_codes_are_texts() -> None:
    face: Wire = {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1, "Data": "[ok]"}}

    assert read(plain("a "), face) == Said("a [ok]")


def test_a_custom_message_is_read_as_android_and_as_windows_send_it() -> None:
    android = custom(
        '{"cmd":"CustomCmdMsg","data":{"userName":"A","cmd":"wave","msg":"x"}}'
    )
    windows = custom('{"cmd":"CustomCmdMsg","data":{"userName":"A","cmd":"wave"}}')

    assert read(android) == Said("x", "wave", custom=True)
    assert read(windows, custom("x")) == Said("x", "wave", custom=True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "MsgBody"),
        ({"MsgBody": [plain("x")] * 17}, "MsgBody"),
        ({"MsgBody": [plain("x" * (MAX_MESSAGE_BYTES + 1))]}, "MsgBody"),
        ({"MsgBody": [{"MsgType": "TIMImageElem", "MsgContent": {}}]}, "MsgType"),
        ({"MsgBody": [{"MsgType": "TIMTextElem"}]}, "MsgContent"),
        ({"MsgBody": [plain("x" * 5 * MAX_MESSAGE_BYTES)]}, "Text"),
        ({"MsgBody": [custom("no head")]}, "Data"),
        ({"MsgBody": [custom('{"cmd":"x","data":{"a":"b"}}')]}, "cmd"),
        ({"MsgBody": [custom('{"a":1,"data":{"a":"b"}}')]}, "cmd"),
        ({"MsgBody": [custom('{"cmd":"x","data":[{}}')]}, "Data"),
        ({"MsgBody": [custom('{"data":0,"e":{"cmd":"x"}}')]}, "data"),
    ],
)
def test_a_message_that_is_none_is_refused_by_field(body: Wire, field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_said(body)

    assert caught.value.field == field


def test_the_limit_counts_bytes_of_all_elements_together() -> None:
    fits = MAX_MESSAGE_BYTES - len(HEAD)
    read(custom(HEAD), plain("x" * fits))

    with pytest.raises(TooLong):
        read(custom(HEAD), plain("x" * (fits + 1)))
    with pytest.raises(TooLong):
        read(plain("你" * (MAX_MESSAGE_BYTES // 3 + 1)))


@pytest.mark.parametrize("name", ["A", 'A "B"', "}}", "<br/>&nbsp;", "\\", "陈\n"])
def test_no_name_breaks_what_the_mini_program_shows(name: str) -> None:
    head, text = shown_by_mini_program(body_of(Said("a }} b"), name, "123"))

    assert head == {
        "cmd": "CustomTextMsg",
        "data": {"nickName": name, "headPic": "123", "headpic": "123"},
    }
    assert text == "a }} b"


def test_a_custom_message_is_there_for_every_kind_of_client() -> None:
    body = body_of(Said("x", "wave", custom=True), "A", "123")

    head, behind = shown_by_mini_program(body)
    data = head["data"]
    assert isinstance(data, dict)
    assert data == {
        "nickName": "A",
        "headPic": "123",
        "headpic": "123",
        "userName": "A",
        "userAvatar": "123",
        "cmd": "wave",
        "msg": "x",
    }
    assert behind == "x"
    assert read_said({"MsgBody": body}) == Said("x", "wave", custom=True)


def test_what_is_escaped_comes_back_as_it_was() -> None:
    assert escaped('<b> & "q"') == "&lt;b&gt; & &quot;q&quot;"
    assert unescaped(escaped('<b> & "q" }}')) == '<b> & "q" }}'


@pytest.mark.hypothesis
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="&")),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.sampled_from(["", "muted"]),
)
def test_every_text_survives_the_wire(text: str, name: str, cmd: str) -> None:
    said = Said(text, cmd)

    assert read_said({"MsgBody": body_of(said, name, "123")}) == said
