"""What the objects of blobs are called in a bucket. Pure."""

import re

from storage.blobs import BlobMissingError

_SHA256 = re.compile(r"[0-9a-f]{64}")


def key_of(sha256: str) -> str:
    """Where the blob lies if it is stored; what is no SHA-256 is a missing blob."""
    if not _SHA256.fullmatch(sha256):
        raise BlobMissingError(sha256=sha256)
    return f"{sha256[:2]}/{sha256[2:]}"


def sha256_of(key: str) -> str | None:
    """Whose object this is; None where it lies aside, in the trash, or is none of ours."""
    name = key.replace("/", "", 1)
    return name if _SHA256.fullmatch(name) else None


def aside(sha256: str) -> str:
    """Where the blob lies in quarantine."""
    return f"quarantine/{sha256}"


def trash(sha256: str) -> str:
    """Where the blob lies after it was removed, for a while."""
    return f"trash/{sha256}"
