"""A program that takes in what people send, in forked children, for tests that cut its power.

`python -m tests.taking_in DATA_DIR WORK_DIR` reads orders as tests/publisher.py does. A child of
{"do": "loop", "delay_s": S, "pause": true} serves the pages and is its own clients: over HTTP a
program that uploads in parts, and a person with a form and its files; by commands a mail server
that hands letters over, and an engineer who changes a setting of all phones. Each thing is told
once its answer came, and before it is begun where that matters:

    upload ID VERSION                announced: 201
    part ID BYTES                    so many bytes of it are acknowledged
    handing ID, release VERSION SHA  about to be handed in; handed in: 202
    request TOKEN SHA                a form was answered with the address of its request
    letter SHA SHA                   the command ended with 0; the letter's hash, its file's
    setting VALUE                    so did the one that sets it; each value is above the last
    failed WORDS                     anything else: a test must see none
"""

import hashlib
import io
import json
import os
import random
import sys
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import requests

from firmware.images import build_image
from portal import health, settings
from portal.app import PAGES, create_app
from portal.cli import main
from portal.installing import open_installation
from portal.page_listener.page_server import PageServer
from tests.ports import free_port
from tests.publisher import answer, until_killed

PRODUCT = "FP-B2"
PART_BYTES = 30_000
#: A source may open so many requests an hour.
FORMS = 18
FORM = {
    "subject": "Нет звука",
    "text": "Собеседник меня не слышит.",
    "name": "Анна Петрова",
    "email": "anna@romashka.example",
    "symptom": "sound",
    "priority": "P2",
    "read_rules": "1",
    "consent": "1",
}
Tell = Callable[[str], object]


def image(version: str) -> bytes:
    """The same image each time."""
    return build_image(PRODUCT, version, ["A"], random.Random(version).randbytes(100_000))


def log(seed: str) -> bytes:
    """A phone's log, as people attach it: plain text, which is kept as it is."""
    return random.Random(seed).randbytes(15_000).hex().encode()


def take_in(work: Path, port: int, tell: Tell) -> None:
    """Serve, and be all the clients at once, until killed."""
    chosen = settings.load()
    place = open_installation(chosen)
    app = create_app(place, chosen, PAGES)
    health.started(app).set()
    server = PageServer(app, "127.0.0.1", port)
    threading.Thread(target=server.run, daemon=True).start()
    base = f"http://127.0.0.1:{server.port}"
    token = (work / "token").read_text()
    loops = (
        lambda: upload(base, token, tell),
        lambda: fill_in(base, tell),
        lambda: mail(tell),
        lambda: change(tell),
    )
    threads = [threading.Thread(target=_watched, args=(loop, tell)) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _watched(loop: Callable[[], object], tell: Tell) -> None:
    try:
        loop()
    except BaseException as error:  # noqa: BLE001 - whatever it was is told
        tell(f"failed {error!r}"[:500].replace("\n", " "))


def upload(base: str, token: str, tell: Tell) -> None:
    program = requests.Session()
    program.headers["Authorization"] = f"Bearer {token}"
    for number in range(1000):
        version = f"1.0.{number}"
        body = image(version)
        sha256 = hashlib.sha256(body).hexdigest()
        announced = {"file_name": f"{version}.bin", "size": len(body), "sha256": sha256}
        begun = _answered(program.post(f"{base}/api/v1/uploads", json=announced), 201)
        name = begun.json()["id"]
        tell(f"upload {name} {version}")
        for at in range(0, len(body), PART_BYTES):
            part = body[at : at + PART_BYTES]
            there = {"Upload-Offset": str(at), "Content-Type": "application/octet-stream"}
            address = f"{base}/api/v1/uploads/{name}"
            came = _answered(program.patch(address, data=part, headers=there), 200)
            tell(f"part {name} {came.json()['offset']}")
        tell(f"handing {name}")
        said = {"version": version, "upload": name, "draft": True}
        _answered(program.post(f"{base}/api/v1/products/{PRODUCT}/releases", json=said), 202)
        tell(f"release {version} {sha256}")


def fill_in(base: str, tell: Tell) -> None:
    for number in range(FORMS):
        person = requests.Session()
        page = _answered(person.get(f"{base}/support/new"), 200).text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        body = log(f"form {number}")
        form = {**FORM, "csrf_token": token, "form_key": f"{number:032d}"}
        files = {"files": ("phone.log", body, "text/plain")}
        address = f"{base}/support/new"
        gone = person.post(address, data=form, files=files, allow_redirects=False)
        secret = _answered(gone, 302).headers["Location"].rpartition("/")[2]
        tell(f"request {secret} {hashlib.sha256(body).hexdigest()}")


def mail(tell: Tell) -> None:
    for number in range(1000):
        letter = EmailMessage(policy=SMTP)
        letter["From"] = f"Анна Петрова <anna{number}@romashka.example>"
        letter["To"] = "support@flat-pro.ru"
        letter["Subject"] = "Нет звука"
        letter["Message-ID"] = f"<{number}@romashka.example>"
        letter.set_content("Журнал телефона во вложении.\n")
        file = log(f"letter {number}")
        kind = {"maintype": "application", "subtype": "octet-stream"}
        letter.add_attachment(file, filename="phone.log", **kind)
        raw = letter.as_bytes()
        sys.stdin = io.TextIOWrapper(io.BytesIO(raw))
        if code := main(args=["mail", "receive"], standalone_mode=False):
            raise SystemExit(code)
        hashes = (hashlib.sha256(body).hexdigest() for body in (raw, file))
        tell(f"letter {' '.join(hashes)}")


def change(tell: Tell) -> None:
    for vlan in range(1, 4000):
        command = ["profile", "set", "network.vlan", str(vlan)]
        if code := main(args=command, standalone_mode=False):
            raise SystemExit(code)
        tell(f"setting {vlan}")


def _answered(found: requests.Response, status: int) -> requests.Response:
    if found.status_code != status:
        raise AssertionError(f"{found.request.url}: {found.status_code} {found.text[:200]}")
    return found


def run(data: str, work: str) -> None:
    os.environ["FLATPRO_DATA_DIR"], os.environ["FLATPRO_DEMO"] = data, "0"
    os.environ["PUBLISHER_ERRORS"] = str(Path(work) / "errors")
    answer(ready=True)
    for line in iter(sys.stdin.readline, ""):
        order: dict[str, Any] = json.loads(line)
        port = free_port()
        until_killed(lambda tell, port=port: take_in(Path(work), port, tell), order)  # type: ignore[misc]  # the port is this round's


if __name__ == "__main__":
    run(*sys.argv[1:])
