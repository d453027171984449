"""A member of a room over a slow line: who leaves a photograph and reads it slowly."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import httpx

from kiosk.room.messages import CreateRoom, GetPushUrl, RoomType, path_of
from kiosk.room.still_requests import PUT_BYTES, GetStill, PutStill, StillPart


PAUSE_S = 0.5
"""In which whoever is faster has sent all that somebody else keeps for us."""
_ROOM, _SEGMENT, _WINDOW = "desk", 536, 4096


class SlowMember:
    """Logs in by an enrolment key and opens a room."""

    def __init__(self, url: str, user_id: str, key: str) -> None:
        self._user_id = user_id
        self._client = httpx.Client(base_url=url, timeout=10.0)
        account = self._client.get(
            "/weapp/utils/get_login_info",
            params={"userID": user_id},
            headers={"Authorization": f"Bearer {key}"},
        ).json()
        login = {
            "sdkAppID": account["sdkAppID"],
            "accountType": account["accType"],
            "userID": user_id,
            "userSig": account["userSig"],
        }
        known = self._client.post("/weapp/double_room/login", params=login).json()
        self._query = {"userID": user_id, "token": known["token"], "roomID": _ROOM}
        push_url = self._ask(GetPushUrl(user_id))["pushURL"]
        self._ask(CreateRoom(user_id, "Desk", _ROOM, user_id, "", push_url))

    def leave_still(self, jpeg: bytes) -> None:
        """Send a photograph, part by part."""
        for at in range(0, len(jpeg), PUT_BYTES):
            part = StillPart(len(jpeg), at, jpeg[at : at + PUT_BYTES])
            self._ask(PutStill(_ROOM, self._user_id, part))

    def read_still_slowly(self) -> dict[str, Any]:
        """Fetch its first part through a window smaller than any buffer on the way."""
        request = self._request(GetStill(_ROOM, self._user_id, self._user_id))
        request.headers["Connection"] = "close"
        at = self._client.base_url
        lines = [f"POST {request.url.raw_path.decode()} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        with socket.socket() as line:
            line.settimeout(10.0)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
            line.connect((at.host, at.port))
            line.sendall(head + request.read())
            time.sleep(PAUSE_S)
            answer = b"".join(iter(lambda: line.recv(_WINDOW), b""))
        wire: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return wire

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _request(
        self, asking: GetPushUrl | CreateRoom | PutStill | GetStill
    ) -> httpx.Request:
        path = path_of(asking, RoomType.DOUBLE)
        return self._client.build_request(
            "POST", path, params=self._query, json=asking.to_wire()
        )

    def _ask(self, asking: GetPushUrl | CreateRoom | PutStill) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.send(self._request(asking)).json()
        assert answer["code"] == 0, answer
        return answer
