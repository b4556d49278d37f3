"""The visits of a phone to a vendor that is right."""

import asyncio
from typing import TYPE_CHECKING

from simulator.facts import PhoneLine
from simulator.phone import PhoneOptions, PhoneState
from simulator.provisioning import PasswordCredential
from simulator.story import EventKind, Outcome, Story
from tests.simulator.visits import phone_of, visit

if TYPE_CHECKING:
    from conftest import Vendor

SIGNATURE = "/firmware/FP-B2/stable/manifest.json.minisig"
IMAGE = "/firmware/FP-B2/2.4.1/flat.img"


def test_a_phone_with_a_token_takes_the_release_and_comes_back_with_it(vendor: "Vendor") -> None:
    phone = phone_of(vendor)
    story = visit(phone)
    assert story.outcome is Outcome.SETTLED, story
    assert story.kinds == (
        EventKind.BOOTED,
        EventKind.BOOTSTRAP,
        EventKind.CONFIGURED,
        EventKind.DOWNLOADING,
        EventKind.DOWNLOADED,
        EventKind.INSTALLED,
        EventKind.BOOTED,
        EventKind.CONFIGURED,
    )
    assert phone.firmware == "2.4.1"
    assert phone.facts().last_reboot_reason == "firmware upgrade"
    assert phone.facts().uptime_s < 60
    assert phone.state.manifest_serials == {"stable": 7}
    agents = [seen.headers["user-agent"] for seen in vendor.seen]
    tail = "(FP-B2; hw A; sn FP2648B2K7Q2XM6; mac 02f1a7000001)"
    assert agents[0] == f"FlatPhone/2.3.0 {tail}"
    assert agents[-1] == f"FlatPhone/2.4.1 {tail}"


def test_a_phone_with_a_password_proves_itself_where_the_bootstrap_says(vendor: "Vendor") -> None:
    phone = phone_of(vendor, credential=PasswordCredential(vendor.password))
    assert visit(phone).outcome is Outcome.SETTLED
    assert phone.firmware == "2.4.1"
    statuses = [seen.status for seen in vendor.seen if "/auth/" in seen.path]
    assert statuses == [401, 200, 401, 200]


def test_a_wrong_password_is_refused_and_tried_from_the_bootstrap_again(vendor: "Vendor") -> None:
    phone = phone_of(vendor, credential=PasswordCredential("other"))
    story = visit(phone)
    assert story.outcome is Outcome.REFUSED
    assert "401" in (phone.state.last_error or "")
    visit(phone)
    assert vendor.paths().count(f"/p/{vendor.mac}.cfg") == 2


def test_a_cut_download_goes_on_where_it_ended(vendor: "Vendor") -> None:
    phone = phone_of(vendor, options=PhoneOptions(cut_after_bytes=100_000))
    story = visit(phone)
    assert story.outcome is Outcome.SETTLED
    assert phone.firmware == "2.4.1"
    assert EventKind.CUT in story.kinds
    assert EventKind.RESUMED in story.kinds
    first, second = vendor.downloads()
    assert "range" not in first.headers
    assert second.headers["range"] == "bytes=100000-"
    assert second.headers["if-range"] == vendor.etag
    assert second.status == 206


def test_only_the_first_download_of_a_phone_is_cut(vendor: "Vendor") -> None:
    options = PhoneOptions(cut_after_bytes=1000)
    story = visit(phone_of(vendor, options=options, state=PhoneState("2.3.0", cut_done=True)))
    assert EventKind.CUT not in story.kinds


def test_a_poll_asks_with_the_etag_and_hears_that_nothing_changed(vendor: "Vendor") -> None:
    phone = phone_of(vendor)

    async def two_visits() -> Story:
        await phone.run_once()
        return await phone.run_once()

    assert asyncio.run(two_visits()).kinds == (EventKind.UNCHANGED,)
    assert vendor.seen[-1].status == 304
    assert vendor.seen[-1].headers["if-none-match"] == phone.state.etag


def test_a_restarted_phone_asks_for_the_whole_file_but_takes_no_image_twice(
    vendor: "Vendor",
) -> None:
    phone = phone_of(vendor)
    visit(phone)
    again = phone_of(vendor, state=phone.state)
    assert visit(again).kinds == (EventKind.BOOTED, EventKind.BOOTSTRAP, EventKind.CONFIGURED)
    assert again.firmware == "2.4.1"
    assert len(vendor.downloads()) == 1


def test_calls_come_from_the_address_of_the_phone(vendor: "Vendor") -> None:
    visit(phone_of(vendor, options=PhoneOptions(source="127.0.77.9")))
    assert {seen.client for seen in vendor.seen} == {"127.0.77.9"}


def test_lines_come_from_the_configuration_and_their_state_from_the_options(
    vendor: "Vendor",
) -> None:
    options = PhoneOptions(lines=(PhoneLine("101", "", "unregistered"),))
    phone = phone_of(vendor, options=options)
    assert phone.facts().lines == options.lines
    visit(phone)
    assert phone.facts().lines == (PhoneLine("101", "pbx", "unregistered"),)


def test_a_release_waits_for_its_turn_in_the_phones_own_time(vendor: "Vendor") -> None:
    vendor.order["not_before_s"] = 60
    phone = phone_of(vendor, options=PhoneOptions(time_scale=1000))
    assert EventKind.WAITING in visit(phone).kinds
    assert phone.firmware == "2.4.1"
