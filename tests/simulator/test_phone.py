"""The life of a phone against a vendor that is right, or wrong in exactly one way."""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from simulator.facts import PhoneLine, Trouble
from simulator.faults import Fault
from simulator.phone import PhoneOptions, PhoneState, SimulatedPhone
from simulator.provisioning import Credential, PasswordCredential, TokenCredential
from simulator.story import EventKind, Outcome, Story

if TYPE_CHECKING:
    from conftest import Vendor

SIGNATURE = "/firmware/FP-B2/stable/manifest.json.minisig"
IMAGE = "/firmware/FP-B2/2.4.1/flat.img"


def phone_of(
    vendor: "Vendor",
    *,
    credential: Credential | None = None,
    options: PhoneOptions | None = None,
    state: PhoneState | None = None,
) -> SimulatedPhone:
    return SimulatedPhone(
        vendor.identity(),
        credential or TokenCredential(vendor.token),
        vendor.url,
        vendor.trust,
        state=state,
        options=options,
    )


def visit(phone: SimulatedPhone) -> Story:
    return asyncio.run(phone.run_once())


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
    assert phone.facts().uptime_s < 5
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


def wrong_hash(vendor: "Vendor") -> None:
    vendor.serve(IMAGE, vendor.image[:-1] + b"!")


def longer_image(vendor: "Vendor") -> None:
    vendor.serve(IMAGE, vendor.image + b"!")


def shorter_image(vendor: "Vendor") -> None:
    vendor.serve(IMAGE, vendor.image[:-1])


def manifest_by_the_firmware_key(vendor: "Vendor") -> None:
    vendor.manifest_signer = vendor.offline


def statement_by_the_online_key(vendor: "Vendor") -> None:
    vendor.statement_signer = vendor.online


def altered_manifest(vendor: "Vendor") -> None:
    vendor.serve(SIGNATURE, vendor.online.sign(vendor.manifest_bytes()).encode())
    vendor.serial = 8


def altered_statement(vendor: "Vendor") -> None:
    release = vendor.release("2.4.1", vendor.image)
    release["statement"] = str(release["statement"]).replace('"A",', "")
    vendor.manifest["releases"] = [release]


def binary_signature(vendor: "Vendor") -> None:
    vendor.serve(SIGNATURE, b"\xff")


def missing_signature(vendor: "Vendor") -> None:
    vendor.serve(SIGNATURE, status=404)


def manifest_of_another_product(vendor: "Vendor") -> None:
    vendor.manifest["product"] = "FP-C1"


def manifest_of_another_channel(vendor: "Vendor") -> None:
    vendor.manifest["channel"] = "testing"


def lower_serial(vendor: "Vendor") -> None:
    vendor.serial = 4


def expired_manifest(vendor: "Vendor") -> None:
    vendor.manifest["expires"] = "2020-01-01T00:00:00Z"


def release_not_listed(vendor: "Vendor") -> None:
    vendor.manifest["releases"] = []


def withdrawn_release(vendor: "Vendor") -> None:
    vendor.manifest["releases"] = [{**vendor.release("2.4.1", vendor.image), "status": "withdrawn"}]


def statement_of_another_product(vendor: "Vendor") -> None:
    vendor.statement["product"] = "FP-C1"


def statement_of_another_version(vendor: "Vendor") -> None:
    vendor.statement["version"] = "2.4.2"


def statement_for_other_hardware(vendor: "Vendor") -> None:
    vendor.statement["hardware"] = ["C"]


def statement_of_another_size(vendor: "Vendor") -> None:
    vendor.statement["size"] = 1


def statement_of_other_bytes(vendor: "Vendor") -> None:
    vendor.statement["sha256"] = hashlib.sha256(b"").hexdigest()


def statement_for_newer_phones(vendor: "Vendor") -> None:
    vendor.statement["min_from"] = "2.3.1"


def image_of_another_product(vendor: "Vendor") -> None:
    vendor.image = vendor.image.replace(b"FP-B2", b"FP-C1", 1)


def image_of_another_version(vendor: "Vendor") -> None:
    vendor.image = vendor.image.replace(b"2.4.1", b"2.4.2", 1)


def image_for_other_hardware(vendor: "Vendor") -> None:
    vendor.image = vendor.image.replace(b"A,B", b"C,D", 1)


def image_with_another_payload(vendor: "Vendor") -> None:
    vendor.image = vendor.image[:-1] + b"!"


def no_image(vendor: "Vendor") -> None:
    vendor.image = b"MZ" + bytes(1000)


def image_elsewhere(vendor: "Vendor") -> None:
    vendor.order["url"] = "ftp://127.0.0.1/flat.img"


def cut_configuration(vendor: "Vendor") -> None:
    raw = vendor.configuration_bytes(due=True)
    vendor.serve(vendor.own_page, raw[: len(raw) // 2])


def configuration_without_closing_line(vendor: "Vendor") -> None:
    raw = vendor.configuration_bytes(due=True)
    vendor.serve(vendor.own_page, raw[: raw.rindex(b"# sha256")])


def configuration_with_a_wrong_closing_line(vendor: "Vendor") -> None:
    raw = vendor.configuration_bytes(due=True)
    vendor.serve(vendor.own_page, raw.replace(b"101", b"102", 1))


def secret_in_the_bootstrap(vendor: "Vendor") -> None:
    vendor.serve(f"/p/{vendor.mac}.cfg", vendor.configuration_bytes(due=False))


def redirected_configuration(vendor: "Vendor") -> None:
    vendor.serve(vendor.own_page, status=302, headers={"Location": "/elsewhere"})


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (wrong_hash, "WrongHashError"),
        (longer_image, "WrongSizeError"),
        (shorter_image, "WrongSizeError"),
        (manifest_by_the_firmware_key, "BadSignatureError"),
        (statement_by_the_online_key, "BadSignatureError"),
        (altered_manifest, "BadSignatureError"),
        (altered_statement, "BadSignatureError"),
        (binary_signature, "BadSignatureError"),
        (missing_signature, "UnexpectedAnswerError"),
        (manifest_of_another_product, "WrongManifestError"),
        (manifest_of_another_channel, "WrongManifestError"),
        (lower_serial, "StaleManifestError"),
        (expired_manifest, "StaleManifestError"),
        (release_not_listed, "UnknownReleaseError"),
        (withdrawn_release, "UnknownReleaseError"),
        (statement_of_another_product, "WrongReleaseError"),
        (statement_of_another_version, "WrongReleaseError"),
        (statement_for_other_hardware, "WrongReleaseError"),
        (statement_of_another_size, "WrongSizeError"),
        (statement_of_other_bytes, "WrongHashError"),
        (statement_for_newer_phones, "TooOldForReleaseError"),
        (image_of_another_product, "ImageHeaderError"),
        (image_of_another_version, "ImageHeaderError"),
        (image_for_other_hardware, "ImageHeaderError"),
        (image_with_another_payload, "ImageHeaderError"),
        (no_image, "ImageHeaderError"),
        (image_elsewhere, "UrlError"),
        (cut_configuration, "CutConfigurationError"),
        (configuration_without_closing_line, "CutConfigurationError"),
        (configuration_with_a_wrong_closing_line, "AlteredConfigurationError"),
        (secret_in_the_bootstrap, "SecretInBootstrapError"),
        (redirected_configuration, "UnexpectedAnswerError"),
    ],
)
def test_a_fault_of_the_vendor_leaves_the_phone_on_its_firmware(
    vendor: "Vendor", fault: Callable[["Vendor"], None], error: str
) -> None:
    fault(vendor)
    phone = phone_of(vendor, state=PhoneState("2.3.0", manifest_serials={"stable": 5}))
    story = visit(phone)
    assert story.outcome is Outcome.REFUSED
    assert str(story.error).startswith(f"{error}: ")
    assert phone.state.last_error == story.error
    assert phone.firmware == "2.3.0"
    assert "/elsewhere" not in vendor.paths()


def test_no_image_is_asked_for_before_its_statement_is_believed(vendor: "Vendor") -> None:
    statement_by_the_online_key(vendor)
    visit(phone_of(vendor))
    assert vendor.downloads() == []


def test_a_manifest_seen_once_is_remembered_though_its_release_was_refused(
    vendor: "Vendor",
) -> None:
    vendor.serial = 9
    release_not_listed(vendor)
    phone = phone_of(vendor)
    visit(phone)
    vendor.serial = 8
    vendor.manifest.clear()
    assert str(visit(phone).error).startswith("StaleManifestError: ")


def test_a_refused_release_is_tried_again_at_the_next_poll_though_nothing_changed(
    vendor: "Vendor",
) -> None:
    wrong_hash(vendor)
    phone = phone_of(vendor)
    visit(phone)
    vendor.pages.clear()
    assert visit(phone).outcome is Outcome.SETTLED
    assert phone.firmware == "2.4.1"
    assert phone.state.last_error is None


def test_orders_without_end_are_refused(vendor: "Vendor") -> None:
    versions = [f"2.4.{number}" for number in range(1, 10)]
    images = {version: vendor.image.replace(b"2.4.1", version.encode(), 1) for version in versions}
    vendor.manifest["releases"] = [vendor.release(version, images[version]) for version in versions]
    configurations = {}
    for running, version in zip(["2.3.0", *versions], versions, strict=False):
        vendor.serve(f"/{version}.img", images[version])
        vendor.order = {
            "version": version,
            "url": f"{vendor.url}/{version}.img",
            "sha256": hashlib.sha256(images[version]).hexdigest(),
        }
        configurations[running] = vendor.configuration_bytes(due=True)
    vendor.pages[vendor.own_page] = lambda headers: vendor.whole(
        configurations[headers["user-agent"].removeprefix("FlatPhone/").split(" ")[0]]
    )
    story = visit(phone_of(vendor))
    assert story.outcome is Outcome.REFUSED
    assert "EndlessUpgradeError" in str(story.error)


def test_an_order_back_down_is_refused(vendor: "Vendor") -> None:
    back = vendor.image.replace(b"2.4.1", b"2.2.0", 1)
    vendor.manifest["releases"] = [
        vendor.release("2.4.1", vendor.image),
        vendor.release("2.2.0", back),
    ]
    vendor.order = {"version": "2.2.0", "sha256": hashlib.sha256(back).hexdigest()}
    story = visit(phone_of(vendor))
    assert story.outcome is Outcome.REFUSED
    assert "WrongStepError" in str(story.error)


def test_a_phone_outside_the_signed_share_waits_and_takes_it_once_it_is_in(
    vendor: "Vendor",
) -> None:
    share = {"percent": 50.56, "salt": "5eed5eed5eed5eed"}
    vendor.manifest["releases"] = [{**vendor.release("2.4.1", vendor.image), "rollout": share}]
    phone = phone_of(vendor)
    story = visit(phone)
    assert story.outcome is Outcome.NOT_YET
    assert story.kinds[-1] is EventKind.NOT_YET
    assert (phone.firmware, phone.state.last_error) == ("2.3.0", None)
    assert vendor.downloads() == []

    share["percent"] = 50.57
    assert visit(phone).outcome is Outcome.SETTLED
    assert phone.firmware == "2.4.1"


def test_a_server_that_is_busy_or_away_is_no_refusal(vendor: "Vendor") -> None:
    vendor.serve(vendor.own_page, status=503)
    phone = phone_of(vendor)
    assert visit(phone).outcome is Outcome.UNREACHABLE
    assert phone.state.last_error is None
    vendor.pages.clear()
    assert visit(phone).outcome is Outcome.SETTLED


def test_a_phone_with_a_password_needs_a_bootstrap_that_says_where(vendor: "Vendor") -> None:
    vendor.serve(f"/p/{vendor.mac}.cfg", vendor.closed("#!flatphone 1\n[provisioning]\n"))
    phone = phone_of(vendor, credential=PasswordCredential(vendor.password))
    assert str(visit(phone).error).startswith("NoAuthAddressError: ")


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
        await asyncio.wait_for(enough.wait(), 10)
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
        await asyncio.wait_for(enough.wait(), 10)
        living.cancel()
        return time.monotonic() - began

    # Three pauses of poll_s = 60, 50 ms each here; 3600, the phone's own habit, would be 3 s each.
    assert 0.15 <= asyncio.run(life()) < 3


def test_a_phone_in_trouble_restarts_by_itself_and_says_why(vendor: "Vendor") -> None:
    trouble = Trouble(reboot_every_s=0.2, reboot_reason="brownout")
    phone = phone_of(vendor, options=PhoneOptions(trouble=trouble))

    async def watch() -> None:
        visits, third = itertools.count(1), asyncio.Event()
        life = asyncio.create_task(phone.live(lambda _story: next(visits) > 2 and third.set()))
        await third.wait()
        life.cancel()

    asyncio.run(asyncio.wait_for(watch(), 10))
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
