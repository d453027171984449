"""Our client at a gateway that speaks as the recorded one did to an original client."""

from __future__ import annotations

from kiosk.ports import RoomClosed, TextReceived
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.eventually import eventually
from tests.fakes.im_party import party
from tests.fakes.recorded_gateway import COMMANDS, POLL, recorded_gateway
from tests.fakes.room_server import members_of, running_server


SYSTEM = {"Event": 5, "From_Account": "@TIM#SYSTEM"}
CHANGED = {
    "ReportType": 255,
    "UserDefinedField": '{"cmd":"notifyPusherChange","data":""}',
}


def shape(value: object) -> object:
    """Return what a body consists of, without what stands in it."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value)


async def test_every_command_has_the_shape_the_original_gave_it() -> None:
    async with (
        running_server() as (at, _),
        recorded_gateway() as gateway,
        party(at, "kiosk", gateway_url=gateway.url) as kiosk,
    ):
        room_id = await kiosk.enter(create=True)
        await eventually(lambda: bool(gateway.of(POLL)))
        await kiosk.service.send_text("hello")
        await kiosk.service.leave()

        for path, recorded in COMMANDS.items():
            (asked,) = gateway.of(path)
            assert shape(asked.body) == shape(recorded["body"]), path
            assert asked.query["websdkappid"] == "537048168"
            assert asked.query["reqtime"].isdecimal()
        login, join = (gateway.of(path)[0] for path in list(COMMANDS)[:2])
        assert login.query["identifier"] == "kiosk"
        assert {"tinyid", "a2"} <= set(join.query)
        assert join.body == {"GroupId": room_id}
        first, *_ = gateway.of(POLL)
        joined = COMMANDS["/v4/group_open_http_svc/apply_join_group"]["answer"]
        assert first.body["Key"] == joined["LongPollingKey"]


async def test_notice_text_and_end_arrive_as_the_cloud_words_them() -> None:
    text = COMMANDS["/v4/group_open_http_svc/send_group_msg"]["body"]["MsgBody"]
    async with (
        running_server(ServerSettings(http_port=0, rtmp_port=0, capacity=3)) as (at, _),
        recorded_gateway() as gateway,
        party(at, "kiosk", gateway_url=gateway.url) as kiosk,
        members_of(at, "agent", "expert") as (agent, expert),
    ):
        await agent.create("desk")
        await kiosk.enter()
        await eventually(lambda: bool(gateway.of(POLL)))

        await expert.join("desk")
        gateway.tell(**SYSTEM, ToGroupId="desk", MsgBody=CHANGED)
        await eventually(lambda: kiosk.joined("expert"))
        gateway.tell(Event=3, ToGroupId="desk", From_Account="expert", MsgBody=text)
        await kiosk.hears(TextReceived("expert", "expert", 'hello }} "B" 你好'))
        await agent.leave("desk")  # the creator: the room is no more
        gateway.tell(**SYSTEM, ToGroupId="desk", MsgBody={"ReportType": 5})
        await kiosk.hears(RoomClosed("the room was closed", room_ended=True))
