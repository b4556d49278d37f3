"""Serving: people and staff in this process, phones in a second one; both stop together.

A page's work holds its own interpreter lock and never makes a phone wait.
"""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Collection

import click
from flask import Flask

from firmware.copying import Copying
from firmware.downloads import watch
from firmware.downloads.counting import DownloadCounter
from firmware.image_door import ImageDoor
from jobs.runner import Runner
from portal import demo, first_start, health, logs, tftp
from portal.app import PAGES, Plane, create_app
from portal.children import Child, end_with_parent
from portal.installing import open_installation
from portal.page_listener.page_server import PageServer
from portal.phone_listener import listener
from portal.settings import Settings
from portal.worker import WORKBOOK
from provision.folding import Folding
from provision.phone_fetches import phone_plane
from storage.http_answers.handing_over import HandOver
from storage.installation import Installation
from storage.refusals import RefusedError, UnavailableError
from support.packages.own import packages_of

PHONES_READY_S = 30.0


class PortInUseError(UnavailableError):
    code = "port-in-use"
    ru = "Порт {port} занят другой программой. Задайте другой переменной {variable}."
    en = "Port {port} is in use by another program. Set another one with {variable}."


class UnknownPlaneError(RefusedError):
    code = "unknown-plane"
    ru = "Нет плоскости «{name}»: есть public, staff и phones."
    en = "There is no plane “{name}”: there are public, staff and phones."


def parse_planes(text: str) -> frozenset[Plane]:
    """The planes named in a comma-separated list."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in set(Plane):
            raise UnknownPlaneError(name=name)
    return frozenset(Plane(name) for name in names)


def run(settings: Settings, planes: Collection[Plane], phones: Child | None) -> int:
    """Serve these planes until SIGTERM or Ctrl-C; the exit code.

    `phones` is the process for phones beside the pages, which was started to load meanwhile.
    """
    if phones is None and Plane.PHONES in planes:
        return serve_phones(settings, as_child=False)
    return _serve_pages(settings, planes, phones)


def serve_phones(settings: Settings, *, as_child: bool) -> int:
    """Serve phones until SIGTERM or Ctrl-C; the exit code. A child ends with its parent."""
    if as_child:
        end_with_parent()
    _require_free(settings.host, settings.phone_port, "FLATPRO_PHONE_PORT")
    installation = open_installation(settings)
    logs.configure(settings.log_file)
    app = create_app(installation, settings, {Plane.PHONES})
    health.started(app).set()
    with contextlib.ExitStack() as running:
        counter = watch.counter_of(app)
        counter.start(installation.database)
        running.callback(counter.stop)
        keeper = phone_plane.keeper_of(app)
        keeper.start()
        running.callback(keeper.stop)
        _copy(installation, running)
        if not as_child:
            # A child's parent folds, so that its work is none of this process's lock.
            _fold(installation, running)
        door = phone_plane.door_of(app)
        door.remember()
        place = (settings.host, settings.phone_port)
        images = _image_door(installation, counter)
        listener.listen(app, door, place, settings.trusted_proxies, images)
    return 0


def _image_door(installation: Installation, counter: DownloadCounter) -> ImageDoor | None:
    """What hands images to nginx, where nginx sends the files of a folder."""
    prefix = installation.option(HandOver).accel_prefix
    if not prefix or installation.blobs.folder is None:
        return None
    return ImageDoor(installation.database, installation.blobs, prefix, counter.add)


def _serve_pages(settings: Settings, planes: Collection[Plane], phones: Child | None) -> int:
    with_phones = phones is not None
    _require_free(settings.host, settings.port, "FLATPRO_PORT")
    if with_phones:
        _require_free(settings.host, settings.phone_port, "FLATPRO_PHONE_PORT")
        tftp.require_free(settings.tftp_options)
    installation = open_installation(settings)
    # A wrong table is told of now, and not when a request comes.
    packages_of(installation)
    logs.configure(settings.log_file)
    password = first_start.ensure_admin(installation, settings)
    stage = demo.prepare(installation, settings) if settings.demo and with_phones else None
    first_start.ensure_trust(installation)
    with contextlib.ExitStack() as running:
        if phones is not None:
            phones.release()
        if with_phones and settings.tftp:
            running.enter_context(Child("tftp", _TFTP)).start()
        app = create_app(installation, settings, PAGES & set(planes))
        counter = watch.counter_of(app)
        counter.start(installation.database)
        running.callback(counter.stop)
        _fold(installation, running)
        _copy(installation, running)
        if not settings.broker_url.get_secret_value():
            # Where there is a broker, `flatpro worker` runs the jobs.
            runner = Runner(installation, WORKBOOK)
            runner.start()
            running.callback(runner.stop)
        start = Start(settings, stage, with_phones=with_phones)
        running.callback(start.stop)
        threading.Thread(target=start.finish, args=(app,), name="start", daemon=True).start()
        _announce(settings, password, with_phones=with_phones)
        server = _bound(app, settings)
        server.end_by_signal()
        # Both finish what they are sending at the same time.
        server.run(on_stop=phones.tell_to_end if phones else None)
    return 0


class Start:
    """What happens between listening and being ready: phones answer, the demo plays its story."""

    def __init__(self, settings: Settings, stage: demo.Stage | None, *, with_phones: bool) -> None:
        self._settings = settings
        self._stage = stage
        self._with_phones = with_phones
        log_file = settings.data_dir / "simulator.log"
        self._simulator = Child("simulator", stage.command(), log_file) if stage else None

    def finish(self, app: Flask) -> None:
        """Wait for the phone plane, then for the demo; healthz is 200 from then on."""
        deadline = time.monotonic() + PHONES_READY_S
        while self._with_phones and not self._answers() and time.monotonic() < deadline:
            time.sleep(0.1)
        if self._simulator is not None and self._stage is not None:
            self._simulator.start()
            for line in self._stage.wait_until_settled():
                _tell(f"Demo               {line}")
        health.started(app).set()
        _tell("Ready.")

    def stop(self) -> None:
        if self._simulator is not None:
            self._simulator.stop()

    def _answers(self) -> bool:
        place = (self._settings.host, self._settings.phone_port)
        try:
            socket.create_connection(place, timeout=1).close()
        except OSError:
            return False
        return True


_TFTP = (sys.executable, "-m", "portal.cli", "tftp", "--as-child")


def _fold(installation: Installation, running: contextlib.ExitStack) -> None:
    """Take what phones leave in the journal into the database, until the end."""
    folding = Folding(installation)
    folding.start()
    running.callback(folding.stop)


def _copy(installation: Installation, running: contextlib.ExitStack) -> None:
    """Keep copies of what phones are due, where files lie in a bucket, until the end."""
    copying = Copying(installation)
    copying.start()
    running.callback(copying.stop)


def _announce(settings: Settings, password: str | None, *, with_phones: bool) -> None:
    _tell(f"People and staff   {settings.public_address}")
    if with_phones:
        _tell(f"Phones             {settings.phone_address}")
        if settings.tftp:
            _tell(f"Phones, TFTP       tftp://{settings.tftp}")
    if password is not None:
        _tell(first_start.announcement(password))


def _tell(line: str) -> None:
    """A line for the person who started us, seen at once; nobody need be there to see it."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(line)


def _require_free(host: str, port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUseError(port=port, variable=variable) from error


def _bound(app: Flask, settings: Settings) -> PageServer:
    try:
        return PageServer(app, settings.host, settings.port)
    except OSError as error:
        raise PortInUseError(port=settings.port, variable="FLATPRO_PORT") from error
