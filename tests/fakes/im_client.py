"""The web-IM commands as an original client sends them, over the routes of a desk."""

from __future__ import annotations

from typing import cast

from kiosk.room.wire_json import Wire
from kiosk.roomserver.asking import Asked, Hold
from tests.fakes.room_core import LOOPBACK, FakeCore, Json


GROUPS = "v4/group_open_http_svc"
POLLS = "v1/group_open_long_polling_http_noauth_svc"


class ImClient:
    """One user of the IM channel."""

    def __init__(self, core: FakeCore, user: str, base: str = "") -> None:
        self.core = core
        self.user = user
        self.base = base
        self.key = ""
        self.next_seq = 0
        self.user_sig = str(
            core.ask(
                "get_login_info", query={"userID": user}, method="GET", folder="utils"
            )["userSig"]
        )
        self.query: dict[str, str] = {}

    def log_in(self) -> Json:
        query = {"identifier": self.user, "usersig": self.user_sig}
        answer = self.raw("v4/openim/login", {"State": "Online"}, query)
        assert not isinstance(answer, Hold)
        self.query = {
            "tinyid": str(answer.get("TinyId")),
            "a2": str(answer.get("A2Key")),
        }
        return answer

    def raw(
        self,
        command: str,
        body: Wire | None = None,
        query: dict[str, str] | None = None,
        method: str = "POST",
    ) -> Json | Hold:
        path = f"{self.base}/{command}"
        sent = self.query if query is None else query
        asked = Asked(method, path, sent, body or {}, LOOPBACK)
        answer = self.core.routes.answer(asked)
        assert isinstance(answer, dict | Hold)
        return answer

    def ask(self, command: str, body: Wire | None = None) -> Json:
        answer = self.raw(command, body)
        assert not isinstance(answer, Hold)
        return answer

    def join(self, group: str = "desk") -> Json:
        answer = self.ask(f"{GROUPS}/apply_join_group", {"GroupId": group})
        self.key, self.next_seq = str(answer.get("LongPollingKey")), 0
        return answer

    def say(self, text: str, group: str = "desk") -> Json:
        head = '{"cmd":"CustomTextMsg","data":{"nickName":"x","headPic":"1"}}'
        return self.send(
            [
                {"MsgType": "TIMCustomElem", "MsgContent": {"Data": head}},
                {"MsgType": "TIMTextElem", "MsgContent": {"Text": text}},
            ],
            group,
        )

    def send(self, body: list[Json], group: str = "desk") -> Json:
        wire: Wire = {"GroupId": group, "From_Account": self.user, "MsgBody": body}
        return self.ask(f"{GROUPS}/send_group_msg", wire)

    def poll(self) -> Json | Hold:
        wire: Wire = {"StartSeq": self.next_seq, "HoldTime": 90, "Key": self.key}
        return self.raw(f"{POLLS}/get_msg", wire)

    def take(self, answer: Json) -> list[Json]:
        """Take an answer to a poll as the client does."""
        assert answer["ActionStatus"] == "OK"
        self.key = str(answer["Key"])
        self.next_seq = cast("int", answer["NextSeq"])
        return cast("list[Json]", answer["RspMsgList"])

    def finish(self, held: Json | Hold) -> list[Json]:
        """Take what a held poll is answered when it is over."""
        assert isinstance(held, Hold)
        return self.take(self.core.routes.finish(held))

    def hear(self) -> list[Json]:
        """Poll once; nothing is heard by a poll that would be held."""
        answer = self.poll()
        return self.finish(answer) if isinstance(answer, Hold) else self.take(answer)


def kinds(messages: list[Json]) -> list[object]:
    """Return what is heard, in short: texts, tips and notices."""
    short: list[object] = []
    for message in messages:
        body = message["MsgBody"]
        if isinstance(body, list):
            last = body[-1]["MsgContent"]
            short.append(last.get("Text", last.get("Data")))
        elif isinstance(body, dict):
            tip = ("tip", body.get("OpType"), body.get("Operator_Account"))
            short.append(body.get("ReportType", tip))
    return short


def joined_client(core: FakeCore, user: str, group: str = "desk") -> ImClient:
    """Return a user that is logged in and in a group."""
    client = ImClient(core, user)
    client.log_in()
    client.join(group)
    return client
