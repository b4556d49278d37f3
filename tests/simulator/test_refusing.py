"""A phone against a vendor that is wrong in exactly one way, or gives orders without end."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from simulator.phone import PhoneState
from simulator.provisioning import PasswordCredential
from simulator.story import EventKind, Outcome
from tests.simulator import faults_of_vendor as faults
from tests.simulator.visits import phone_of, visit

if TYPE_CHECKING:
    from conftest import Vendor

SIGNATURE = "/firmware/FP-B2/stable/manifest.json.minisig"
IMAGE = "/firmware/FP-B2/2.4.1/flat.img"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.wrong_hash, "WrongHashError"),
        (faults.longer_image, "WrongSizeError"),
        (faults.shorter_image, "WrongSizeError"),
        (faults.manifest_by_the_firmware_key, "BadSignatureError"),
        (faults.statement_by_the_online_key, "BadSignatureError"),
        (faults.altered_manifest, "BadSignatureError"),
        (faults.altered_statement, "BadSignatureError"),
        (faults.binary_signature, "BadSignatureError"),
        (faults.missing_signature, "UnexpectedAnswerError"),
        (faults.manifest_of_another_product, "WrongManifestError"),
        (faults.manifest_of_another_channel, "WrongManifestError"),
        (faults.lower_serial, "StaleManifestError"),
        (faults.expired_manifest, "StaleManifestError"),
        (faults.release_not_listed, "UnknownReleaseError"),
        (faults.withdrawn_release, "UnknownReleaseError"),
        (faults.statement_of_another_product, "WrongReleaseError"),
        (faults.statement_of_another_version, "WrongReleaseError"),
        (faults.statement_for_other_hardware, "WrongReleaseError"),
        (faults.statement_of_another_size, "WrongSizeError"),
        (faults.statement_of_other_bytes, "WrongHashError"),
        (faults.statement_for_newer_phones, "TooOldForReleaseError"),
        (faults.image_of_another_product, "ImageHeaderError"),
        (faults.image_of_another_version, "ImageHeaderError"),
        (faults.image_for_other_hardware, "ImageHeaderError"),
        (faults.image_with_another_payload, "ImageHeaderError"),
        (faults.no_image, "ImageHeaderError"),
        (faults.image_elsewhere, "UrlError"),
        (faults.cut_configuration, "CutConfigurationError"),
        (faults.configuration_without_closing_line, "CutConfigurationError"),
        (faults.configuration_with_a_wrong_closing_line, "AlteredConfigurationError"),
        (faults.secret_in_the_bootstrap, "SecretInBootstrapError"),
        (faults.redirected_configuration, "UnexpectedAnswerError"),
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
    faults.statement_by_the_online_key(vendor)
    visit(phone_of(vendor))
    assert vendor.downloads() == []


def test_a_manifest_seen_once_is_remembered_though_its_release_was_refused(
    vendor: "Vendor",
) -> None:
    vendor.serial = 9
    faults.release_not_listed(vendor)
    phone = phone_of(vendor)
    visit(phone)
    vendor.serial = 8
    vendor.manifest.clear()
    assert str(visit(phone).error).startswith("StaleManifestError: ")


def test_a_refused_release_is_tried_again_at_the_next_poll_though_nothing_changed(
    vendor: "Vendor",
) -> None:
    faults.wrong_hash(vendor)
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
