"""A program that runs jobs in forked children and kills them at a chosen moment.

`python -m tests.portal.killed_jobs.killer` with tests/other_day on its path reads one JSON object
a line and answers with one. Imports are paid for once, here; each child opens the installation
anew, as a restart does.

{"do": "arrange", "kind": K, "folder": F, "outside": {…}}: fill the installation in F and submit
the job.
{"do": "run", "kind": K, "folder": F, "outside": {…}, "kill_at": N, "late": S}: a child takes up
what dead ones left and runs what is due of this kind, S seconds later than the case says; at the
N-th moment, if N is not 0, it kills itself. The answer names the moments it lived to see: before
and after each commit, and before each act outside the database.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, delete, event, select
from sqlalchemy.orm import Session

from jobs import queue
from jobs.models import Job, JobState
from jobs.owners import present
from jobs.runner import perform, release_orphans
from portal.installing import open_installation
from portal.settings import Settings
from portal.worker import WORKBOOK
from storage.clock import now
from storage.installation import Installation
from tests.portal.killed_jobs.case import Case
from tests.portal.killed_jobs.cases import CASES
from tests.portal.killed_jobs.stage import START, Stage
from tests.publisher import answer, forked, told

#: What Python tells of before it does it; a few of each, as a sweep sends thousands of packets.
OUTSIDE = frozenset(
    {"os.remove", "os.rename", "os.link", "socket.connect", "socket.sendto", "subprocess.Popen"}
)
OF_EACH = 6
RUNS_MAX = 50
#: Python has run it before this program (tests/other_day): every module has its clock.
turn_to = sys.modules["sitecustomize"].turn_to


class Moments:
    """Counts the moments of this process, tells each, and kills at the one that was ordered."""

    def __init__(self, tell: Callable[[str], object], kill_at: int) -> None:
        self._tell, self._kill_at = tell, kill_at
        self._seen: list[str] = []
        self.on = True
        event.listen(Engine, "commit", lambda _connection: self.come("before commit"))
        event.listen(Session, "after_commit", lambda _session: self.come("after commit"))
        sys.addaudithook(self._audited)

    def come(self, name: str) -> None:
        if not self.on:
            return
        self._seen.append(name)
        self._tell(f"moment {name}")
        if len(self._seen) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _audited(self, name: str, _arguments: tuple[object, ...]) -> None:
        if name in OUTSIDE and self._seen.count(name) < OF_EACH:
            self.come(name)


def settings(order: Mapping[str, Any]) -> Settings:
    outside = order["outside"]
    return Settings(
        data_dir=Path(order["folder"]) / "data",
        demo=False,
        support_team="team@flat-pro.ru",
        smtp_url=outside.get("smtp", ""),
        imap_url=outside.get("imap", ""),
        read_networks="127.0.0.0/8",
    )


def arrange(order: Mapping[str, Any], case: Case) -> None:
    turn_to(START)
    place = open_installation(settings(order))
    arguments = case.arrange(Stage(place, order["outside"]))
    with place.database.writing() as session:
        # What the arranging asked for itself is not what is tested.
        session.execute(delete(Job))
        queue.submit(session, order["kind"], arguments, actor="anna", now=START)
    place.database.dispose()


def run(order: Mapping[str, Any], case: Case, tell: Callable[[str], object]) -> None:
    turn_to(case.at + timedelta(seconds=order.get("late", 0)))
    place, kind = open_installation(settings(order)), order["kind"]
    release_orphans(place)
    with present(place) as owner:
        moments = Moments(tell, order.get("kill_at", 0))
        for _ in range(RUNS_MAX):
            moments.on = False
            with place.database.writing() as session:
                job = queue.claim(session, owner, [kind], now())
            if job is None:
                break
            moments.on = True
            perform(place, WORKBOOK, job)
        moments.on = False
    for error in undone(place, kind):
        tell(f"undone {error}")
    place.database.dispose()


def undone(place: Installation, kind: str) -> list[str]:
    with place.database.reading() as session:
        left = select(Job).where(Job.kind == kind, Job.state != JobState.DONE)
        return [f"{job.state} {job.error}" for job in session.scalars(left)]


def obey(order: Mapping[str, Any]) -> None:
    case = CASES[order["kind"]]
    assert isinstance(case, Case)
    if order["do"] == "arrange":
        child, reader = forked(lambda _tell: arrange(order, case))
    else:
        child, reader = forked(lambda tell: run(order, case, tell))
    lines = [line.partition(" ") for line in told(reader)]
    _, status = os.waitpid(child, 0)
    answer(
        code=os.waitstatus_to_exitcode(status),
        moments=[rest for what, _, rest in lines if what == "moment"],
        undone=[rest for what, _, rest in lines if what == "undone"],
        errors=Path(os.environ["PUBLISHER_ERRORS"]).read_text("utf-8")[-3000:],
    )


def warm_up() -> None:
    """What a first opening imports is here for all children."""
    with TemporaryDirectory() as folder:
        open_installation(Settings(data_dir=Path(folder), demo=False)).database.dispose()


if __name__ == "__main__":
    warm_up()
    answer(ready=True)
    for line in iter(sys.stdin.readline, ""):
        obey(json.loads(line))
