"""Presigned addresses: the example of Amazon's own documentation, and what stays out of them."""

from datetime import UTC, datetime

from storage.blob_keeping.presigning import Signer

SIGNER = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
MOMENT = datetime(2013, 5, 24, tzinfo=UTC)


def test_the_documented_example_is_signed_as_documented() -> None:
    address = SIGNER.presigned(
        "https://examplebucket.s3.amazonaws.com/test.txt", {}, MOMENT, ttl_s=86400
    )
    expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    assert address.endswith(f"&X-Amz-Signature={expected}")


def test_the_secret_is_in_no_text() -> None:
    address = SIGNER.presigned("https://s3.test/bucket/a", {"x": "Паспорт"}, MOMENT, 300)
    assert SIGNER.secret not in address + repr(SIGNER)
    assert "X-Amz-Expires=300" in address
    assert "x=%D0%9F" in address
