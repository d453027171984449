"""logfilelist and getlogfile: for operators, and out of one folder only."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from typing_extensions import override

from kiosk.roomserver.asking import Page
from kiosk.roomserver.http import Door
from kiosk.roomserver.log_folder import MAX_BYTES, MAX_FILES, LogFile, LogFolder
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.routes import UNKNOWN_ROUTE
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.http_in_memory import HttpInMemory
from tests.fakes.room_core import FakeCore
from tests.fakes.traversals import traversals


PASSWORD = "correcthorsebattery1"
BEARER = f"Bearer {PASSWORD}"
SECRET = "top secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log folder with secrets around it."""
    logs = tmp_path / "logs"
    (logs / "sub").mkdir(parents=True)
    (logs / "server.log").write_text("all is well\n")
    (logs / 'a "b" & <i>.log').write_text("odd name")
    (logs / ".hidden").write_text(SECRET)
    (logs / "sub" / "inner.log").write_text(SECRET)
    (tmp_path / "secret.txt").write_text(SECRET)
    (logs / "link.log").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(logs / "pipe.log")
    return logs


def desk_with(folder: Path | None, password: str = PASSWORD) -> FakeCore:
    settings = ServerSettings(log_folder=folder, operators_password=password.encode())
    return FakeCore(settings)


def get(
    core: FakeCore,
    route: str,
    file: str | None = None,
    authorization: str = BEARER,
    address: str = "127.0.0.1",
) -> Page:
    answer = core.ask_anything(
        route,
        query={} if file is None else {"file": file},
        method="GET",
        folder="utils",
        authorization=authorization,
        address=address,
    )
    assert isinstance(answer, Page)
    return answer


def test_no_name_leads_out_of_the_log_folder(folder: Path) -> None:
    core = desk_with(folder)

    for name in traversals():
        page = get(core, "getlogfile", name)
        assert page.status == 404, name
        assert SECRET.encode() not in page.body, name


async def test_no_encoded_name_leads_out_of_the_log_folder(folder: Path) -> None:
    app = Door(desk_with(folder).routes, LongPolls())
    async with httpx.AsyncClient(
        transport=HttpInMemory(app), base_url="http://server"
    ) as client:
        for name in traversals():
            asked_as_it_is = quote(name, safe="%/\\;:.*~")
            answer = await client.get(
                f"/weapp/utils/getlogfile?file={asked_as_it_is}",
                headers={"Authorization": BEARER},
            )
            assert SECRET not in answer.text, name
            assert answer.status_code == 404, name


def test_an_operator_lists_the_files_and_reads_one(folder: Path) -> None:
    core = desk_with(folder)

    listed = get(core, "logfilelist").body.decode()

    assert listed.count("<a ") == 2
    assert "./server.log ( 0KB )" in listed
    assert "&lt;i&gt;" in listed
    assert "<i>" not in listed
    assert get(core, "getlogfile", "server.log").body == b"all is well\n"
    assert get(core, "getlogfile", "./server.log").status == 200
    assert get(core, "getlogfile", 'a "b" & <i>.log').body == b"odd name"


def test_a_file_is_shown_as_plain_text(folder: Path) -> None:
    page = get(desk_with(folder), "getlogfile", "server.log")

    assert page.media_type == "text/plain; charset=utf-8"
    assert ("X-Content-Type-Options", "nosniff") in page.headers


def test_a_browser_may_ask_with_basic_authentication(folder: Path) -> None:
    basic = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()

    assert get(desk_with(folder), "logfilelist", None, f"Basic {basic}").status == 200


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer wrong", "Basic !", "Basic YQ==", "Digest x", PASSWORD],
)
@pytest.mark.parametrize("route", ["logfilelist", "getlogfile"])
def test_log_files_are_for_operators_only(
    folder: Path, route: str, authorization: str
) -> None:
    page = get(desk_with(folder), route, "server.log", authorization)

    assert page.status == 401
    assert page.headers[0][0] == "WWW-Authenticate"
    assert b"well" not in page.body


@pytest.mark.parametrize("route", ["logfilelist", "getlogfile"])
def test_without_a_password_or_a_folder_there_are_no_such_routes(
    folder: Path, route: str
) -> None:
    for core in (desk_with(folder, password=""), desk_with(None)):
        answer = core.ask_anything(
            route, method="GET", folder="utils", authorization="Bearer "
        )
        assert answer == UNKNOWN_ROUTE


def test_guessing_the_password_is_slowed_down_per_address(folder: Path) -> None:
    core = desk_with(folder)
    for _ in range(5):
        assert get(core, "logfilelist", None, "Bearer guess").status == 401

    assert get(core, "logfilelist").status == 429
    assert get(core, "logfilelist", address="10.0.0.9").status == 200
    core.clock.move(61)
    assert get(core, "logfilelist").status == 200


def test_a_browser_that_has_not_been_asked_yet_guesses_nothing(folder: Path) -> None:
    core = desk_with(folder)
    for _ in range(10):
        get(core, "logfilelist", None, "")

    assert get(core, "logfilelist").status == 200


async def test_a_page_is_sent_with_its_headers(folder: Path) -> None:
    app = Door(desk_with(folder).routes, LongPolls())
    async with httpx.AsyncClient(
        transport=HttpInMemory(app), base_url="http://server"
    ) as client:
        refused = await client.get("/weapp/utils/logfilelist")
        shown = await client.get("/weapp/utils/logfilelist", auth=("anna", PASSWORD))

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert shown.headers["cache-control"] == "no-store"


def test_of_a_long_file_the_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "long.log").write_bytes(b"x" * MAX_BYTES + b"end")

    content = LogFolder(tmp_path).read("long.log")

    assert content is not None
    assert len(content) == MAX_BYTES
    assert content.endswith(b"xend")


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "missing")

    assert not folder.is_readable()
    assert folder.files() == ()
    assert folder.read("server.log") is None


def test_a_very_full_folder_is_listed_in_part(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}.log").touch()

    assert len(LogFolder(tmp_path).files()) == MAX_FILES


def test_a_file_exchanged_after_it_was_listed_is_not_read(tmp_path: Path) -> None:
    class Late(LogFolder):
        """Lists what was there before somebody put links and pipes in its place."""

        @override
        def files(self) -> tuple[LogFile, ...]:
            return tuple(LogFile(name, 1) for name in ("link", "pipe", "gone"))

    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    folder = Late(tmp_path)

    assert [folder.read(file.name) for file in folder.files()] == [None] * 3
