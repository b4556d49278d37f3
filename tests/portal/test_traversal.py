"""No path, however it is written, leads to a file outside of what is served."""

import itertools
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from accounts.access import anyone
from storage.installation import Installation

CANARY = "canary-7f3a-outside"

UPS = ("../", "..\\", "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "%252e%252e%252f", "....//")
ODD_UPS = ("..;/", "%c0%ae%c0%ae/", "%uff0e%uff0e/", ".%00./", "/./../", "..%c0%af", "\u2025/")
#: The same again in the spellings of other servers' histories; the long run has them too.
MORE_UPS = (
    *(
        "%2e./",
        ".%2e/",
        "%2E%2E/",
        "%2e%2e\\",
        "%2e%2e%5c",
        "..%252f",
        "..%255c",
        "%25252e%25252e/",
    ),
    *(
        "..%00/",
        "..%0d/",
        "..%09/",
        "..//",
        "..././",
        "...\\.\\",
        "%e0%80%ae%e0%80%ae/",
        "..%u2215",
    ),
    *("..\u2215", "\uff0e\uff0e/"),
)
TARGETS = ("{canary}", "etc/passwd", "{canary}%00.png")
DEPTHS = (1, 2, 3, 4, 8, 12)
ABSOLUTE = ("/{canary}", "//{canary}", "%2f{canary}", "file:///{canary}", "%2fetc%2fpasswd")

PAGES_PLACES = (
    *("/static/", "/blob/sha256/", "/downloads/", "/firmware/FP-B2/1.0.0/", "/docs/", "/metadata/"),
    *("/targets/", "/keys/", "/mib/", "/staff/devices/"),
)
PHONE_PLACES = ("/p/", "/p/auth/", f"/p/{'a' * 43}/", "/firmware/FP-B2/1.0.0/", "/blob/sha256/")


def spellings(canary: str, ups: tuple[str, ...]) -> list[str]:
    """Ways to write the way up and out."""
    ways = itertools.product(ups, DEPTHS, TARGETS)
    made = [up * depth + target for up, depth, target in ways]
    return [text.format(canary=canary) for text in (*made, *ABSOLUTE)]


def leaks(
    client: FlaskClient,
    places: tuple[str, ...],
    canary: Path,
    ups: tuple[str, ...] = (*UPS, *ODD_UPS),
) -> list[str]:
    """The addresses that gave a byte from outside, or failed."""
    found = []
    for place, spelling in itertools.product(places, spellings(str(canary).lstrip("/"), ups)):
        answer = client.get(place + spelling)
        body = answer.get_data()
        if answer.status_code >= 500 or CANARY.encode() in body or b"root:x:" in body:
            found.append(f"{answer.status_code} {place}{spelling}")
    return found


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def canary(installation: Installation) -> Path:
    """A file beside the data folder, and one of the same name in it."""
    for folder in (installation.data_dir.parent, installation.data_dir):
        (folder / "canary").write_text(CANARY)
    return installation.data_dir.parent / "canary"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("ups", "least"),
    [
        ((*UPS, *ODD_UPS), 255),
        pytest.param((*UPS, *ODD_UPS, *MORE_UPS), 555, marks=pytest.mark.prove),
    ],
    ids=["255", "555"],
)
def test_proof_s3_no_spelling_of_a_path_leads_outside(
    client: FlaskClient, phones: Flask, canary: Path, ups: tuple[str, ...], least: int
) -> None:
    assert leaks(client, PAGES_PLACES, canary, ups) == []
    assert leaks(phones.test_client(), PHONE_PLACES, canary, ups) == []
    ways = len(spellings("x", ups))
    places = len(PAGES_PLACES) + len(PHONE_PLACES)
    print(f"S3: {ways} spellings at {places} places, 0 bytes from outside, 0 failures")  # noqa: T201
    assert ways >= least


def test_what_the_proof_calls_a_leak_is_noticed(app: Flask, canary: Path) -> None:
    def careless(name: str) -> Response:
        place = canary.parent / "data" / "blobs" / name
        return Response(place.read_bytes() if place.is_file() else b"none")

    app.add_url_rule("/careless/<path:name>", "careless", anyone(careless))
    assert len(leaks(app.test_client(), ("/careless/",), canary)) > 3
