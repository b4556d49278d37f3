"""Photos of labels, drawn and spoilt for the test, through the page into the register."""

import io
import re
import struct
import zlib

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse

from accounts import users
from accounts.models import Role
from provision import folding
from provision.devices.models import Device
from provision.dialects import families_of
from provision.labels import reading
from provision.models import CheckIn
from provision.newcomers import waiting
from storage.blob_keeping.blob_models import Blob
from storage.clock import now
from storage.installation import Installation
from storage.refusals import RefusedError
from tests.browserless import form_token, log_in
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import SERIAL

PAGE = "/staff/devices/labels/"
MAC, OTHER = "02f1a7000021", "02f1a7000022"
BOX = (1600, 1200)


def drawn(text: str, form: str = "Code128") -> Image.Image:
    made = memoryview(
        zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, form)).to_image(scale=3)
    )
    return Image.frombytes("L", (made.shape[1], made.shape[0]), made.tobytes())


def photo(*codes: tuple[str, int, int], turned: float = 0, form: str = "JPEG") -> bytes:
    """A grey photo with codes at places; `turned` as a hand holds the camera."""
    paper = Image.new("L", BOX, 235)
    for text, x, y in codes:
        paper.paste(drawn(text), (x, y))
    return saved(paper.rotate(turned, expand=True, fillcolor=90), form)


def saved(picture: Image.Image, form: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize(("turned", "form"), [(0, "PNG"), (7, "JPEG"), (90, "JPEG"), (0, "WEBP")])
def test_codes_are_read_from_a_photo_held_as_a_hand_holds_it(turned: float, form: str) -> None:
    content = photo((MAC.upper(), 100, 100), (SERIAL, 100, 500), turned=turned, form=form)
    assert {one.text for one in reading.read(content, "a")} == {MAC.upper(), SERIAL}


def test_codes_too_fine_for_the_first_look_are_found_by_the_second() -> None:
    paper = Image.new("L", (6500, 3000), 255)
    small = drawn(MAC.upper())
    paper.paste(small.resize((small.width // 3, small.height // 3)), (4000, 2000))
    [code] = reading.read(saved(paper, "PNG"), "a")
    assert code.text == MAC.upper()


def bomb() -> bytes:
    """A PNG of a few kilobytes that says it has ten thousand million points."""
    side = 100_000
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100_000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no-photo"),
        (b"MAC: 02f1a7000001", "unreadable-photo"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 5000, "unreadable-photo"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 500, "unreadable-photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unreadable-photo"),
        (b"\0" * (reading.BYTES_MAX + 1), "large-photo"),
        (bomb(), "large-photo"),
        (saved(Image.new("L", BOX, 200)), "nothing-on-photo"),
        (saved(Image.new("L", (1, 1), 200)), "nothing-on-photo"),
        (photo((MAC, 100, 100), form="PNG")[:3000], "unreadable-photo"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_readable_photo_is_refused_and_says_what_to_do(
    content: bytes, code: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        reading.read(content, "снимок.jpg")
    assert caught.value.code == code
    assert re.search("[а-я]", caught.value.text("ru"))


def test_a_third_photo_at_a_time_is_told_to_come_again() -> None:
    content = photo((MAC.upper(), 100, 100))
    with reading.DECODERS, reading.DECODERS, pytest.raises(RefusedError) as caught:
        reading.read(content, "a", wait_s=0)
    assert caught.value.code == "busy-reading-photos"
    assert reading.read(content, "a", wait_s=0)


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def engineer(app: Flask, installation: Installation) -> FlaskClient:
    with installation.database.writing() as session:
        estates.catalogue(session)
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=now())
    client = app.test_client()
    log_in(client, "engineer")
    return client


def send(client: FlaskClient, *photos: bytes, field: str = "photo") -> TestResponse:
    data: MultiDict[str, object] = MultiDict([("csrf_token", form_token(client, PAGE))])
    for content in photos:
        data.add(field, FileStorage(io.BytesIO(content), filename="box.jpg"))
    return client.post(PAGE, data=data, content_type="multipart/form-data")


def values(page: str) -> dict[str, str]:
    """The values of the fields that a page shows."""
    found = dict(re.findall(r'name="((?:mac|serial)-\d+)" type="text" value="([^"]*)"', page))
    for name, options in re.findall(r'name="(product-\d+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def take(client: FlaskClient, form: dict[str, str]) -> TestResponse:
    token = form_token(client, PAGE)
    return client.post(f"{PAGE}rows", data={"csrf_token": token, **form})


def known(installation: Installation) -> dict[str, tuple[str | None, str]]:
    with installation.database.reading() as session:
        devices = session.scalars(select(Device)).all()
        return {one.mac: (one.serial, one.product.code) for one in devices}


def test_a_photo_of_two_boxes_becomes_two_phones_and_is_kept_nowhere(
    engineer: FlaskClient, installation: Installation
) -> None:
    content = photo(
        (f"MAC: {MAC}", 50, 50),
        (SERIAL, 50, 250),
        (f"MAC: {OTHER}", 50, 800),
        ("SN: A-17", 50, 1000),
    )
    page = send(engineer, content, field="shot").get_data(as_text=True)
    assert values(page) == {
        "mac-0": MAC,
        "serial-0": SERIAL,
        "product-0": "FP-B2",
        "mac-1": OTHER,
        "serial-1": "A17",
        "product-1": "",
    }
    assert "будет добавлен" in page
    assert "нет такого изделия" in page
    # Only what can be taken in as it stands is ticked.
    assert re.search(r'name="take-0"[^>]* checked', page)
    assert not re.search(r'name="take-1"[^>]* checked', page)
    assert known(installation) == {}
    form = {**values(page), "count": "2", "take-0": "1", "take-1": "1", "do": "take"}
    refused = take(engineer, form)
    assert refused.status_code == 409
    assert values(refused.get_data(as_text=True))["serial-1"] == "A17"
    assert known(installation) == {}
    done = take(engineer, {**form, "product-1": "FP-B2", "site": "Офис"})
    assert done.headers["Location"] == "/staff/devices/"
    assert known(installation) == {MAC: (SERIAL, "FP-B2"), OTHER: ("A17", "FP-B2")}
    with installation.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Blob)) == 0


def test_a_label_without_a_tick_is_left_out_and_none_ticked_is_told(
    engineer: FlaskClient, installation: Installation
) -> None:
    form = {"mac-0": MAC, "product-0": "FP-B2", "mac-1": "x", "count": "2", "do": "take"}
    assert take(engineer, form).status_code == 422
    assert take(engineer, {**form, "take-0": "1"}).status_code == 302
    assert set(known(installation)) == {MAC}


def test_looking_again_stores_nothing_and_tells_the_verdict(
    engineer: FlaskClient, installation: Installation
) -> None:
    form = {"mac-0": "<b>", "product-0": "FP-B2", "count": "1", "take-0": "1", "do": "look"}
    page = take(engineer, form).get_data(as_text=True)
    assert "не MAC-адрес" in page
    assert "&lt;b&gt;" in page
    assert known(installation) == {}


def test_a_phone_that_called_before_brings_its_calls(
    engineer: FlaskClient, installation: Installation, phones: Flask
) -> None:
    phones.test_client().get(f"/p/{MAC}.cfg")
    folding.reader_of(installation).fold()
    with installation.database.reading() as session:
        found = waiting.waiting(session, families_of(installation), now())
        assert [one.mac for one in found] == [MAC]
    form = {"mac-0": MAC, "product-0": "FP-B2", "count": "1", "take-0": "1", "do": "take"}
    assert take(engineer, form).status_code == 302
    with installation.database.reading() as session:
        assert session.scalar(select(CheckIn.device_id)) is not None


def test_the_page_refuses_too_many_photos_and_what_is_none(engineer: FlaskClient) -> None:
    assert send(engineer).status_code == 422
    assert send(engineer, *[b"x"] * 11).status_code == 422
    page = send(engineer, b"no picture").get_data(as_text=True)
    assert "не открывается как снимок" in page


def test_codes_that_are_no_label_are_shown_with_what_to_do(engineer: FlaskClient) -> None:
    paper = Image.new("L", BOX, 235)
    paper.paste(drawn("4601234567893", "EAN13"), (100, 100))
    answer = send(engineer, saved(paper))
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "4601234567893" in page
    assert "box.jpg" in page


def test_twelve_digits_are_a_mac_where_such_phones_are_known(
    engineer: FlaskClient, installation: Installation
) -> None:
    with installation.database.writing() as session:
        estates.add_phone(session, "001565aaaaaa", None)
    content = photo(("001565123456", 100, 100), ("SN: 77", 100, 500))
    assert values(send(engineer, content).get_data(as_text=True))["mac-0"] == "001565123456"


def test_only_engineers_take_phones_in(engineer: FlaskClient, app: Flask) -> None:
    agent = app.test_client()
    log_in(agent, "agent")
    assert agent.get(PAGE).status_code == 403
    assert engineer.get(PAGE).status_code == 200
