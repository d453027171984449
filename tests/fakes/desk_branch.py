"""
A branch answered from a browser: a room server with its desk, a kiosk, agents' pages.

Everything is real: ``kiosk server`` and ``kiosk run`` as processes, and a Chromium
with its own fake webcam and microphone for every agent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from playwright.async_api import Page, expect

from kiosk.app.private_ca import make_private_ca
from tests.fakes.branch import Branch
from tests.fakes.browser import Browser, browser
from tests.fakes.canvas_clock import painted_on
from tests.fakes.desk_world import PASSWORD, agents_toml
from tests.fakes.programs import Party


T = TypeVar("T")
ANSWERED_S = 20.0


class AgentPage:
    """An agent at his page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    async def open(self) -> None:
        await self.page.goto(self._url)

    async def log_in(self, agent_id: str, password: str = PASSWORD) -> None:
        """Log in by keyboard: the name has the focus when the page opens."""
        await expect(self.page.locator("#agent")).to_be_focused()
        await self.page.keyboard.type(agent_id)
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(password)
        await self.page.keyboard.press("Enter")

    async def is_in(self) -> None:
        await expect(self.page.locator("#desk")).to_be_visible()

    async def sees_waiting(self) -> None:
        await expect(self.page.locator("#waiting li")).to_have_count(1)

    async def rung(self) -> int:
        """Return how often the bell was heard since the page was opened."""
        found: int = await self.page.evaluate("window.desk.rung")
        return found

    async def hears_the_bell(self) -> None:
        async with asyncio.timeout(ANSWERED_S):
            while not await self.rung():  # noqa: ASYNC110 -- a page rings no bell here
                await asyncio.sleep(0.05)

    async def is_in_call(self) -> None:
        stage = self.page.locator('#stage[data-stage="in_call"]')
        await expect(stage).to_be_visible(timeout=ANSWERED_S * 1000)

    async def has_no_call(self) -> None:
        await expect(self.page.locator("#in-call")).to_be_hidden()

    async def reads(self, place: str, text: str) -> None:
        await expect(self.page.locator(place)).to_contain_text(text)

    async def sees_it_move(self) -> None:
        """Wait until the kiosk's picture shows a clock that goes on."""
        first: float | None = None
        async with asyncio.timeout(ANSWERED_S):
            while True:
                now = await painted_on(self.page.locator("#kiosk"))
                if first is not None and now is not None and now > first:
                    return
                first = now if first is None else first
                await asyncio.sleep(0.1)


@dataclass
class DeskBranch:
    """
    The parties.

    Attributes:
        browser: Anna's; other agents have contexts of their own.
        url: Of the desk.

    """

    branch: Branch
    kiosk: Party
    browser: Browser
    url: str

    async def agent(self, agent_id: str = "anna") -> AgentPage:
        """Return the page of an agent who is logged in."""
        is_anna = agent_id == "anna"
        page = self.browser.page if is_anna else await self.browser.another_person()
        agent = AgentPage(page, self.url)
        await agent.open()
        await agent.log_in(agent_id)
        await agent.is_in()
        return agent

    async def kiosk_is(self, state: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.kiosk.wait_for, state)

    async def kiosk_until(
        self, is_true: Callable[[dict[str, Any]], bool], what: str
    ) -> dict[str, Any]:
        return await asyncio.to_thread(self.kiosk.wait_until, is_true, what)

    async def press(self, button: str) -> None:
        await asyncio.to_thread(self.kiosk.press, button)

    async def in_call(self, agent_id: str = "anna") -> AgentPage:
        """Return the page of an agent who has answered the kiosk."""
        agent = await self.agent(agent_id)
        await self.press("call")
        await agent.page.locator("#waiting button").click()
        await agent.is_in_call()
        await self.kiosk_is("IN_CALL")
        return agent

    async def end(self) -> None:
        """Let nothing of a call be left for the next test."""
        await self.press("hangup")
        await self.kiosk_is("IDLE")


@asynccontextmanager
async def desk_branch(
    *, with_tls: bool = False, **room: object
) -> AsyncGenerator[DeskBranch]:
    """Run all of it; ``room`` is the kiosk's section of that name."""
    with Branch() as branch:
        agents = branch.folder / "agents.toml"
        agents.write_text(agents_toml("anna", "berta"))
        sections: dict[str, dict[str, object]] = {
            "desk": {"http": "127.0.0.1:0", "agents": str(agents)}
        }
        network: dict[str, object] = {}
        if with_tls:
            ca = make_private_ca(branch.folder / "tls", ["localhost", "127.0.0.1"])
            sections["tls"] = {"certificate": str(ca.certificate), "key": str(ca.key)}
            network["ca_file"] = str(ca.authority)
        server = await asyncio.to_thread(branch.start_server, sections)
        url = json.loads(server.printed)["desk"].replace("127.0.0.1", "localhost")
        party = branch.start_kiosk(
            kiosk={"name": "Seven", "branch": "Zurich"},
            room={"server": server.url, "user_name": "Seven", **room},
            network=network,
        )
        await asyncio.to_thread(lambda: party.control)
        async with browser(flags=("--ignore-certificate-errors",)) as chromium:
            yield DeskBranch(branch, party, chromium, url)
            complaints = [text for text in chromium.complaints.texts if text]
            assert not complaints, f"{complaints}\n{server.log[-4000:]}"
        assert "Traceback" not in server.log, server.log[-6000:]
