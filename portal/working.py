"""`flatpro worker`: runs jobs outside the server, from the broker or, without one, from the rows.

Behind gunicorn no server process runs jobs, so an installation that has outgrown `flatpro serve`
starts this beside it: one on each machine that should work.
"""

import os
import signal
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from jobs.runner import Runner
from portal import logs
from portal.installing import open_installation
from portal.settings import Settings
from portal.worker import WORKBOOK
from storage.installation import Installation
from storage.refusals import RefusedError
from support.packages.own import packages_of

if TYPE_CHECKING:
    from celery import Celery

_log = structlog.get_logger(__name__)


class NoCeleryError(RefusedError):
    code = "no-celery"
    ru = "Для брокера нужна установка с Celery: pip install 'flatpro[scale]'."
    en = "A broker needs the installation with Celery: pip install 'flatpro[scale]'."


class RouteWithoutBrokerError(RefusedError):
    code = "route-without-broker"
    ru = "Маршруты есть только у брокера: задайте FLATPRO_BROKER_URL."
    en = "Only a broker has routes: set FLATPRO_BROKER_URL."


def work(settings: Settings, routes: Sequence[str], processes: int | None) -> int:
    """Run jobs until SIGTERM or Ctrl-C; the exit code."""
    count = processes or os.cpu_count() or 1
    broker = settings.broker_url.get_secret_value()
    if not broker and routes:
        raise RouteWithoutBrokerError
    installation = open_installation(settings)
    packages_of(installation)
    logs.configure(settings.log_file)
    if broker:
        return _from_broker(settings, installation, routes, count)
    return _from_rows(installation, count)


def _from_rows(installation: Installation, count: int) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    runners = [Runner(installation, WORKBOOK) for _ in range(count)]
    for runner in runners:
        runner.start()
    _log.info("worker-ready", runners=count)
    stop.wait()
    for runner in runners:
        runner.stop()
    return 0


def _from_broker(
    settings: Settings, installation: Installation, routes: Sequence[str], count: int
) -> int:
    app = celery_of(settings)
    from jobs import celery_app  # noqa: PLC0415 - an extra that other installations lack

    dispatcher = celery_app.Dispatcher(app, installation, WORKBOOK)
    dispatcher.start()
    _log.info("worker-ready", processes=count, routes=list(routes))
    try:
        app.worker_main(celery_app.worker_arguments(routes, count))
    finally:
        dispatcher.stop()
    return 0


def celery_of(settings: Settings) -> "Celery":
    """The Celery application of these settings; raises NoCeleryError without the extra."""
    try:
        from jobs import celery_app  # noqa: PLC0415 - an extra that other installations lack
    except ImportError as error:
        raise NoCeleryError from error
    station = celery_app.Station(lambda: open_installation(settings), WORKBOOK)
    return celery_app.create_celery(settings.broker_url.get_secret_value(), station)
