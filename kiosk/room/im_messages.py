"""
What is said in an IM group, in the wording of protocol 6.2.

A text is a custom head that names the speaker, then the text itself; the clients
do not agree on the rest, so this module reads what any of them sends and writes
what all of them read:

1. The mini-program joins all elements and cuts at the first ``}}``: a head ends
   with the only ``}}`` in it, whatever the names hold.
2. Windows reads ``headpic``, everybody else ``headPic``: both are written.
3. A custom message of Android has ``msg`` in its head, Windows and the
   mini-program want it behind: it is in both places.
4. Clients escape ``< > "`` and nothing else before they send, and show what
   comes as it is: texts are plain in here and escaped on the wire.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, cast

from kiosk.room.fields import BadRequest, Fields
from kiosk.room.wire_json import BadJson, Wire, parse_json


MAX_MESSAGE_BYTES: Final = 8898
"""Of one group message, head and text together."""
MAX_ELEMENTS: Final = 16
TEXT_HEAD: Final = "CustomTextMsg"
CUSTOM_HEAD: Final = "CustomCmdMsg"

_END: Final = "}}"
_ESCAPED: Final = {"<": "&lt;", ">": "&gt;", '"': "&quot;"}
_PLAIN: Final = {entity: char for char, entity in _ESCAPED.items()}
_ENTITY: Final = re.compile("|".join(_PLAIN))
_TEXT_BY_CONCATENATION: Final = re.compile(r'\{"cmd":\s*"' + TEXT_HEAD + '"')
_NOT_IN_HEADS: Final = str.maketrans(
    {char: f"\\u{ord(char):04x}" for char in "}<>&"}  # JSON's own escapes
)


class TooLong(BadRequest):
    """A message is longer than a group carries."""


@dataclass(frozen=True, slots=True)
class Said:
    """
    One message to a group.

    Attributes:
        text: Plain, as typed.
        cmd: What kind of message it is, for programs; empty for a plain text.
        custom: It is for programs only (``CustomCmdMsg``).

    """

    text: str
    cmd: str = ""
    custom: bool = False


def escaped(text: str) -> str:
    """Return a text as clients send it."""
    return "".join(_ESCAPED.get(char, char) for char in text)


def unescaped(text: str) -> str:
    """Return a text as it was typed; the inverse of :func:`escaped`."""
    return _ENTITY.sub(lambda found: _PLAIN[found.group()], text)


def read_said(body: Wire) -> Said:
    """
    Read the ``MsgBody`` of a group message.

    Raises:
        BadRequest: Naming what is wrong; :exc:`TooLong` for its size.

    """
    elements = Fields(body).objects("MsgBody", MAX_ELEMENTS)
    parts = [_part(element) for element in elements]
    if sum(len(part.encode()) for part, _ in parts) > MAX_MESSAGE_BYTES:
        raise TooLong("MsgBody", f"is longer than {MAX_MESSAGE_BYTES} bytes")
    if not parts or not parts[0][1]:
        return Said("".join(part for part, _ in parts))
    head, end, rest = parts[0][0].partition(_END)
    text = "".join((rest, *(part for part, _ in parts[1:])))
    return _said(head + end, text)


def body_of(said: Said, user_name: str, avatar: str) -> list[Wire]:
    """Return the ``MsgBody`` of a group message for every kind of client."""
    names = {"nickName": user_name, "headPic": avatar, "headpic": avatar}
    if not said.custom:
        marked = {"cmd": said.cmd} if said.cmd else {}
        head = _head(TEXT_HEAD, {**names, **marked})
        text: Wire = {"Text": escaped(said.text)}
        return [_custom(head), {"MsgType": "TIMTextElem", "MsgContent": text}]
    native = {"userName": user_name, "userAvatar": avatar}
    head = _head(CUSTOM_HEAD, {**names, **native, "cmd": said.cmd, "msg": said.text})
    return [_custom(head), _custom(said.text)]


def _part(element: Wire) -> tuple[str, bool]:
    """Return the text of one element, and whether it is a custom one."""
    fields = Fields(element)
    kind = fields.text("MsgType")
    content = Fields(_object(element, "MsgContent"))
    match kind:
        case "TIMTextElem":
            return unescaped(content.text("Text", 4 * MAX_MESSAGE_BYTES)), False
        case "TIMFaceElem":
            return content.optional_text("Data"), False
        case "TIMCustomElem":
            return content.text("Data", 4 * MAX_MESSAGE_BYTES), True
        case _:
            raise BadRequest("MsgType", "is neither text nor a custom message")


def _said(head: str, text: str) -> Said:
    try:
        wire = parse_json(head.encode(), MAX_MESSAGE_BYTES)
    except BadJson:
        # Clients build it by concatenation: a quote in a nickname breaks it.
        if _TEXT_BY_CONCATENATION.match(head):
            return Said(text)
        raise BadRequest("Data", "is not the head of a message") from None
    fields = Fields(_object(wire, "data"))
    match Fields(wire).text("cmd"):
        case "CustomTextMsg":
            return Said(text, fields.optional_text("cmd"))
        case "CustomCmdMsg":
            told = fields.optional_text("msg", MAX_MESSAGE_BYTES) or text
            return Said(told, fields.text("cmd"), custom=True)
        case _:
            raise BadRequest("cmd", "is no message this server carries")


def _object(wire: Wire, name: str) -> Wire:
    value = wire.get(name)
    if not isinstance(value, dict):
        raise BadRequest(name, "must be an object")
    return cast("Wire", value)


def _head(cmd: str, fields: dict[str, str]) -> str:
    inner = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return f'{{"cmd":"{cmd}","data":{{{inner[1:-1].translate(_NOT_IN_HEADS)}}}}}'


def _custom(text: str) -> Wire:
    content: Wire = {"Data": text, "Desc": "", "Ext": ""}
    return {"MsgType": "TIMCustomElem", "MsgContent": content}
