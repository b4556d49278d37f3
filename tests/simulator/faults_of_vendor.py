"""What a vendor may do wrong, each in exactly one way."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Vendor

SIGNATURE = "/firmware/FP-B2/stable/manifest.json.minisig"
IMAGE = "/firmware/FP-B2/2.4.1/flat.img"


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
