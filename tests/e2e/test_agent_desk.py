"""A kiosk is answered from a browser, by real programs and in a real Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import expect

from tests.fakes.desk_branch import DeskBranch, desk_branch


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
async def branch() -> AsyncGenerator[DeskBranch]:
    async with desk_branch() as made:
        yield made


async def test_an_agent_answers_sees_and_hears_the_kiosk_and_the_kiosk_the_agent(
    branch: DeskBranch,
) -> None:
    agent = await branch.in_call()

    await agent.sees_it_move()
    await agent.reads("#call-title", "Seven")
    status = await branch.kiosk_until(
        lambda now: bool(now["play"]) and now["play"][0]["pictures_shown"] > 20,
        "showing the agent's picture",
    )

    assert [peer["name"] for peer in status["peers"]] == ["Anna Meier"]
    assert status["peers"][0]["received"] == "picture"


async def test_texts_go_both_ways_and_both_can_mute(branch: DeskBranch) -> None:
    agent = await branch.in_call()

    await agent.page.locator("#text").fill("Good morning <b>you</b>")
    await agent.page.keyboard.press("Enter")
    await agent.reads("#texts", "You: Good morning <b>you</b>")
    await asyncio.to_thread(branch.kiosk.control.text, "Guten Tag 您好")
    await agent.reads("#texts", "Seven: Guten Tag 您好")

    await branch.press("mute")
    await agent.reads("#trouble", "The kiosk's microphone is off.")
    await branch.press("mute")
    await expect(agent.page.locator("#trouble")).to_be_empty()

    mute = agent.page.locator("#mute")
    await mute.click()
    await expect(mute).to_have_attribute("aria-pressed", "true")


async def test_the_agent_hangs_up_and_the_customer_reads_it(branch: DeskBranch) -> None:
    agent = await branch.in_call()

    await agent.page.locator("#hang-up").click()
    await agent.has_no_call()
    await agent.reads("#told", "You hung up.")

    await branch.kiosk_is("IDLE")


async def test_the_customer_hangs_up_and_the_agent_reads_it(branch: DeskBranch) -> None:
    agent = await branch.in_call()

    await branch.press("hangup")

    await agent.has_no_call()
    await agent.reads("#told", "The customer hung up.")
    await expect(agent.page.locator("#waiting li")).to_have_count(0)


async def test_the_keyboard_alone_is_enough_for_a_whole_call(
    branch: DeskBranch,
) -> None:
    agent = await branch.agent()
    keys, page = agent.page.keyboard, agent.page

    async def tab_to(name: str) -> None:
        for _ in range(30):
            if await page.evaluate(f"document.activeElement.matches('{name}')"):
                outline = "getComputedStyle(document.activeElement).outlineWidth"
                assert await page.evaluate(outline) == "3px"
                return
            await keys.press("Tab")
        raise AssertionError(f"no Tab leads to {name}")

    await branch.press("call")
    await agent.sees_waiting()
    await tab_to("#waiting button")
    await keys.press("Enter")
    await agent.is_in_call()
    await expect(page.locator("#call-title")).to_be_focused()
    await tab_to("#mute")
    await keys.press("Space")
    await expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
    await tab_to("#text")
    await keys.type("Hello")
    await keys.press("Enter")
    await agent.reads("#texts", "You: Hello")
    await tab_to("#hang-up")
    await keys.press("Enter")

    await agent.has_no_call()
    await expect(page.locator("#line-title")).to_be_focused()
    await branch.kiosk_is("IDLE")


async def test_a_new_customer_rings_once_unless_the_bell_is_muted(
    branch: DeskBranch,
) -> None:
    agent = await branch.agent()
    page, bell = agent.page, agent.page.locator("#bell")

    await branch.press("call")
    await agent.hears_the_bell()
    await page.locator("#waiting button").click()
    await agent.is_in_call()
    await branch.kiosk_is("IN_CALL")
    await page.locator("#hang-up").click()
    await branch.kiosk_is("IDLE")
    await expect(page.locator("#waiting li")).to_have_count(0)

    assert await agent.rung() == 1
    await bell.focus()
    await page.keyboard.press("Space")
    await expect(bell).to_have_attribute("aria-pressed", "true")
    await page.reload()
    await expect(bell).to_have_attribute("aria-pressed", "true")
    await branch.press("call")
    await agent.sees_waiting()
    await asyncio.sleep(1.0)  # the notes would have been over

    assert await agent.rung() == 0
    await branch.press("hangup")
    await branch.kiosk_is("IDLE")


async def test_a_call_is_handed_over_and_the_customer_presses_nothing(
    branch: DeskBranch,
) -> None:
    anna = await branch.in_call()
    berta = await branch.agent("berta")

    await anna.page.locator("#to").select_option("berta")
    await anna.page.get_by_role("button", name="Hand over").click()
    await expect(berta.page.locator("#offer-title")).to_be_focused()
    await berta.page.locator("#take").click()
    await berta.is_in_call()
    await berta.sees_it_move()

    await anna.has_no_call()
    await anna.reads("#told", "Berta Roth has the call now.")
    status = await branch.kiosk_until(
        lambda now: [peer["name"] for peer in now["peers"]] == ["Berta Roth"],
        "in a call with Berta",
    )
    assert status["state"] == "IN_CALL"
    await branch.kiosk_until(
        lambda now: now["peers"][0]["received"] == "picture", "showing Berta"
    )


async def test_a_page_that_is_loaded_anew_is_back_in_its_call(
    branch: DeskBranch,
) -> None:
    agent = await branch.in_call()

    await agent.page.reload()
    await agent.is_in_call()
    await agent.sees_it_move()

    assert (await branch.kiosk_is("IN_CALL"))["peers"][0]["name"] == "Anna Meier"


async def test_a_page_that_is_told_nothing_for_long_says_so_and_is_back(
    branch: DeskBranch,
) -> None:
    page = branch.browser.page
    await page.clock.install(time=0)
    async with page.expect_websocket() as opened:
        agent = await branch.agent()
    control = await opened.value
    await page.clock.pause_at(60)
    for _ in range(5):
        async with control.expect_event("framereceived"):
            await page.clock.run_for(5_000)
    assert not control.is_closed()

    await page.evaluate("WebSocket.prototype.send = () => {}")
    await page.clock.run_for(20_000)
    await agent.reads("#alarm", "Connection to the desk lost.")
    await page.clock.run_for(1_000)

    await expect(page.locator("#alarm")).to_be_empty()


async def test_a_wrong_password_opens_nothing_and_says_so(branch: DeskBranch) -> None:
    page = branch.browser.page
    await page.goto(branch.url)
    await page.locator("#agent").fill("anna")
    await page.locator("#password").fill("wrong")
    await page.keyboard.press("Enter")

    await expect(page.locator("#alarm")).to_have_text(
        "That name and password do not fit."
    )
    await expect(page.locator("#desk")).to_be_hidden()
    await expect(page.locator("#password")).to_be_focused()
    # Chromium itself writes the refusal to the console, and nothing else is there.
    (said,) = branch.browser.complaints.texts
    assert "401" in said
    branch.browser.complaints.texts.clear()


async def test_the_page_speaks_chinese(branch: DeskBranch) -> None:
    agent = await branch.agent()

    await agent.page.locator("#language").select_option("zh_CN")

    await agent.reads("#line-title", "等待中")
    assert await agent.page.evaluate("document.documentElement.lang") == "zh-CN"
    await agent.page.reload()
    await agent.reads("#line-title", "等待中")


async def test_a_kiosk_that_opens_its_own_room_is_answered_over_tls_everywhere() -> (
    None
):
    async with desk_branch(with_tls=True, target=["seven"], create=True) as branch:
        assert branch.url.startswith("https://")
        agent = await branch.in_call()

        await agent.sees_it_move()
        await branch.kiosk_until(
            lambda now: now["peers"][0]["received"] == "picture", "showing the agent"
        )
        await agent.page.locator("#hang-up").click()
        await branch.kiosk_is("IDLE")
