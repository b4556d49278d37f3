"""The look of the pages: what is served under /static/, and what it may hold."""

import gzip
import hashlib
import json
import re
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.access import anyone, rule_of
from portal import assets

PORTAL = Path(assets.__file__).parent
STATIC = PORTAL / "static"
TEMPLATES = sorted((PORTAL / "templates").rglob("*.html"))
STYLE = (STATIC / "flatpro.css").read_text()
FIRST_PAGE_BYTES = 100_000
#: WCAG 2.2, 1.4.3: text on its ground; 1.4.11: the border of a field.
TEXT_CONTRAST, BORDER_CONTRAST = 4.5, 3.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "look.css").write_text("body { color: black } " * 50)
    (tmp_path / "inner" / "tiny.svg").write_text("<svg/>")
    (tmp_path / ".hidden").write_text("not for the world")
    return tmp_path


@pytest.fixture
def app(folder: Path) -> Flask:
    app = Flask("made-up", static_folder=None)
    assets.init_app(app, folder)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def linked(app: Flask, name: str) -> str:
    with app.app_context():
        return str(app.jinja_env.globals["asset"](name))  # type: ignore[operator]


def test_a_link_with_the_hash_may_be_kept_for_a_year(app: Flask, client: FlaskClient) -> None:
    url = linked(app, "look.css")
    digest = hashlib.sha256(("body { color: black } " * 50).encode()).hexdigest()
    assert url == f"/static/look.css?v={digest[:12]}"
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789ab"])
def test_a_link_with_another_hash_is_not_kept(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/static/look.css{query}")
    assert answer.status_code == 200
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_link_is_the_same_in_every_language(app: Flask) -> None:
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/en"}):
        assert linked(app, "look.css").startswith("/static/look.css?")


def test_a_template_that_names_a_missing_file_fails_at_once(app: Flask) -> None:
    with pytest.raises(assets.UnknownAssetError, match=r"no file other\.css"):
        linked(app, "other.css")


@pytest.mark.parametrize(
    ("wish", "packed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("", False), ("br", False), ("gzip;q=0", False)],
)
def test_gzip_goes_to_those_who_take_it(client: FlaskClient, wish: str, *, packed: bool) -> None:
    answer = client.get("/static/look.css", headers={"Accept-Encoding": wish})
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert (answer.headers.get("Content-Encoding") == "gzip") is packed
    body = gzip.decompress(answer.data) if packed else answer.data
    assert body == b"body { color: black } " * 50


def test_what_gzip_would_lengthen_is_sent_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/static/inner/tiny.svg", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.data == b"<svg/>"


def test_the_same_files_give_the_same_bytes_at_every_start(folder: Path) -> None:
    first, second = assets.load(folder)["look.css"], assets.load(folder)["look.css"]
    assert first == second
    assert first.packed is not None
    assert first.packed[4:8] == bytes(4), "a gzip time would differ from start to start"


@pytest.mark.parametrize("wish", ["gzip", "identity"])
def test_an_unchanged_file_is_not_sent_again(client: FlaskClient, wish: str) -> None:
    first = client.get("/static/look.css", headers={"Accept-Encoding": wish})
    tag = first.headers["ETag"]
    assert not tag.startswith("W/")
    again = client.get(
        "/static/look.css", headers={"Accept-Encoding": wish, "If-None-Match": f'"x", {tag}'}
    )
    assert (again.status_code, again.data) == (304, b"")
    kept = ("ETag", "Cache-Control", "Vary")
    assert [again.headers[name] for name in kept] == [first.headers[name] for name in kept]


def test_the_two_encodings_have_two_strong_tags(client: FlaskClient) -> None:
    tags = {
        client.get("/static/look.css", headers={"Accept-Encoding": wish}).headers["ETag"]
        for wish in ("gzip", "identity")
    }
    assert len(tags) == 2


def test_head_tells_what_get_would_send(client: FlaskClient) -> None:
    got, head = client.get("/static/look.css"), client.head("/static/look.css")
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control", "Vary"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    "path", ["none.css", ".hidden", "../assets.py", "inner", "inner/", "inner%2Ftiny.png", "%00"]
)
def test_only_the_files_of_the_folder_exist(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.svg", "image/svg+xml; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.unknown", "application/octet-stream"),
    ],
)
def test_types_do_not_depend_on_the_machine(tmp_path: Path, name: str, content_type: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert assets.load(tmp_path)[name].content_type == content_type


def test_the_route_is_open_to_anyone(app: Flask) -> None:
    assert rule_of(app, "assets.file") is anyone


def test_vendored_files_are_those_that_vendor_json_names() -> None:
    listed = json.loads((STATIC / "vendor" / "vendor.json").read_text())["packages"]
    named = {name: digest for package in listed for name, digest in package["files"].items()}
    found = {
        path.relative_to(STATIC / "vendor").as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in (STATIC / "vendor").rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }
    assert found == named
    for package in listed:
        assert package["version"]
        assert package["licence"]
        assert any(name.endswith("LICENSE.txt") for name in package["files"])


def test_vendor_json_holds_no_address() -> None:
    assert "://" not in (STATIC / "vendor" / "vendor.json").read_text()


def test_the_frame_of_a_page_stays_light() -> None:
    base = (PORTAL / "templates" / "base.html").read_text()
    names = re.findall(r"asset\('([^']+)'\)", base)
    shelf = assets.load(STATIC)
    sizes = {name: len(shelf[name].packed or shelf[name].body) for name in names}
    # A quarter is left for the page's own text and pictures.
    assert sum(sizes.values()) <= FIRST_PAGE_BYTES * 3 // 4, sizes
    assert sum(name.endswith(".css") for name in names) == 2, "text waits for two files at most"
    assert all("defer" in line for line in base.splitlines() if "<script" in line)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_nothing_that_a_strict_csp_forbids(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=\"|javascript:", text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), "no third party of any kind"
    assert not re.search(r"hx-on|hx-vals=.js:", text), "these need eval"


def test_the_style_needs_no_picture() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_silhouettes_can_be_used_from_a_page() -> None:
    pictures = sorted((STATIC / "silhouettes").glob("*.svg"))
    marks = (PORTAL / "templates" / "components" / "marks.html").read_text()
    assert {path.stem for path in pictures} == set(re.findall(r'"(\w+)": "\d+ \d+', marks))
    for path in pictures:
        text = path.read_text()
        assert 'id="art"' in text
        assert "style" not in text
        assert "<script" not in text


def tokens(mode: str) -> dict[str, str]:
    """The colours of a mode: the dark block overrides the first."""
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")[:2]
    found = dict(re.findall(r"--fp-([\w-]+): (#[0-9a-f]{6});", light))
    if mode == "dark":
        found |= dict(re.findall(r"--fp-([\w-]+): (#[0-9a-f]{6});", dark.split("\n}\n")[0]))
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("paper", "paper-2", "paper-3")
PAIRS = [
    *product(("ink", "ink-2", "accent", "accent-strong", "fault"), GROUNDS),
    *((hue, f"{hue}-soft") for hue in ("good", "attention", "fault", "accent")),
    *(("ink", f"{hue}-soft") for hue in ("good", "attention", "fault", "accent")),
    ("accent-strong", "accent-soft"),
    ("fault-strong", "fault-soft"),
    ("ink", "mark"),
    *(("on-accent", ground) for ground in ("accent", "accent-strong")),
    *(("on-fault", ground) for ground in ("fault", "fault-strong")),
]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_can_be_read_on_every_ground(mode: str) -> None:
    colour = tokens(mode)
    weak = {
        (text, ground): round(contrast(colour[text], colour[ground]), 2)
        for text, ground in PAIRS
        if contrast(colour[text], colour[ground]) < TEXT_CONTRAST
    }
    assert not weak


@pytest.mark.parametrize("ground", ["paper", "paper-2"])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_border_of_a_field_can_be_seen(mode: str, ground: str) -> None:
    colour = tokens(mode)
    assert contrast(colour["line-strong"], colour[ground]) >= BORDER_CONTRAST
