"""A phone that lives on: its polls, its restarts, its troubles."""

import asyncio
import itertools
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator.facts import PhoneLine, Trouble
from simulator.faults import Fault
from simulator.phone import PhoneOptions
from simulator.story import EventKind, Outcome, Story
from tests.simulator.visits import phone_of, visit

if TYPE_CHECKING:
    from conftest import Vendor

SIGNATURE = "/firmware/FP-B2/stable/manifest.json.minisig"
IMAGE = "/firmware/FP-B2/2.4.1/flat.img"


def test_a_living_phone_polls_waits_for_a_busy_server_and_wakes_for_a_resync(
    vendor: "Vendor",
) -> None:
    vendor.serve(vendor.own_page, status=503)
    phone = phone_of(vendor)
    stories: list[Story] = []

    async def life() -> None:
        enough = asyncio.Event()

        def told(story: Story) -> None:
            stories.append(story)
            if len(stories) == 1:
                vendor.pages.clear()
            elif len(stories) == 2:
                phone.resync()
            elif len(stories) == 3:
                phone.reboot()
            else:
                enough.set()

        living = asyncio.create_task(phone.live(told))
        await asyncio.wait_for(enough.wait(), 60)
        living.cancel()

    asyncio.run(life())
    outcomes = [story.outcome for story in stories]
    assert outcomes == [Outcome.UNREACHABLE, *[Outcome.SETTLED] * 3]
    assert stories[2].kinds == (EventKind.UNCHANGED,)
    assert stories[3].kinds == (EventKind.BOOTED, EventKind.CONFIGURED)
    assert phone.facts().last_reboot_reason == "remote request"


def test_a_living_phone_polls_at_the_pace_of_its_configuration(vendor: "Vendor") -> None:
    phone = phone_of(vendor, options=PhoneOptions(time_scale=1200))
    stories: list[Story] = []

    async def life() -> float:
        enough = asyncio.Event()

        def told(story: Story) -> None:
            stories.append(story)
            if len(stories) == 4:
                enough.set()

        began = time.monotonic()
        living = asyncio.create_task(phone.live(told))
        await asyncio.wait_for(enough.wait(), 60)
        living.cancel()
        return time.monotonic() - began

    # Three pauses of poll_s = 60, 50 ms each here; 3600, the phone's own habit, would be 3 s each.
    assert 0.15 <= asyncio.run(life()) < 9


def test_a_phone_in_trouble_restarts_by_itself_and_says_why(vendor: "Vendor") -> None:
    trouble = Trouble(reboot_every_s=0.2, reboot_reason="brownout")
    phone = phone_of(vendor, options=PhoneOptions(trouble=trouble))

    async def watch() -> None:
        visits, third = itertools.count(1), asyncio.Event()
        life = asyncio.create_task(phone.live(lambda _story: next(visits) > 2 and third.set()))
        await third.wait()
        life.cancel()

    asyncio.run(asyncio.wait_for(watch(), 60))
    assert phone.facts().last_reboot_reason == "brownout"


def test_a_phone_in_trouble_keeps_its_old_lines_and_time(vendor: "Vendor") -> None:
    old = (PhoneLine("old", "before.example"),)
    trouble = Trouble(clock_offset_s=-86_400.0, keeps_settings=True)
    phone = phone_of(vendor, options=PhoneOptions(trouble=trouble, lines=old))
    visit(phone)
    shown = phone.facts()
    assert shown.lines == old
    assert shown.configuration
    behind = datetime.now(UTC) - datetime.fromisoformat(shown.clock)
    assert 86_390 < behind.total_seconds() < 86_410


def test_a_phone_that_comes_back_old_takes_the_image_again_at_its_next_visit(
    vendor: "Vendor",
) -> None:
    phone = phone_of(vendor, options=PhoneOptions(fault=Fault.COMES_BACK_OLD))
    story = visit(phone)
    assert story.outcome is Outcome.REFUSED
    assert story.kinds[-2:] == (EventKind.CONFIGURED, EventKind.REFUSED)
    assert (phone.firmware, len(vendor.downloads())) == ("2.3.0", 1)
    assert phone.facts().last_reboot_reason == "failed upgrade"
    visit(phone)
    assert (phone.firmware, len(vendor.downloads())) == ("2.3.0", 2)


def test_a_phone_that_the_image_kills_asks_nothing_more(vendor: "Vendor") -> None:
    phone = phone_of(vendor, options=PhoneOptions(fault=Fault.FALLS_SILENT))
    assert visit(phone).outcome is Outcome.UNREACHABLE
    asked = len(vendor.seen)
    assert visit(phone).outcome is Outcome.UNREACHABLE
    assert (len(vendor.seen), len(vendor.downloads())) == (asked, 1)


def test_a_phone_that_is_off_asks_nothing(vendor: "Vendor") -> None:
    phone = phone_of(vendor, options=PhoneOptions(fault=Fault.SILENT))
    assert visit(phone).outcome is Outcome.UNREACHABLE
    assert vendor.seen == []
