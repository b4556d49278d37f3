"""R10: the worker is killed in each kind of job; run again, the job has its effect once.

What a run leaves after a kill and another run is compared, row by row and file by file, with what
it leaves when nobody kills it. In the ordinary suite the kill comes at the worst moment, when all
is done but that the job is not marked so; `make prove` kills at every moment that a killed process
could tell from the one before: around each commit and before each act outside the database.
"""

import contextlib
import os
import shutil
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from portal.worker import WORKBOOK
from support.mailroom import outbox
from support.requests import work as request_work
from tests import dovecot
from tests.portal.killed_jobs.case import Case, Elsewhere
from tests.portal.killed_jobs.cases import CASES
from tests.portal.killed_jobs.state import Column, State, columns, vague
from tests.ports import free_port
from tests.storage.publishers import PROJECT, Publishing, publishing
from tests.support.mailroom.letters_sent import letter
from tests.support.mailroom.post_office import PostOffice, opened

KILLED = -9
OTHER_DAY = f"{PROJECT / 'tests' / 'other_day'}{os.pathsep}{PROJECT}"
HERE = sorted(kind for kind, case in CASES.items() if isinstance(case, Case))


@pytest.fixture
def backend() -> str:
    """Owners' locks on PostgreSQL are tested beside the queue."""
    return "sqlite"


@dataclass
class Phone:
    """A port at which a phone answers each NOTIFY with 200, and counts them by their Call-ID."""

    line: socket.socket
    asked: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.line.getsockname()[1])

    def answer(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                packet, sender = self.line.recvfrom(65536)
                lines = packet.decode().split("\r\n")
                self.asked.append(next(one for one in lines if one.startswith("To:")))
                kept = ("Via:", "From:", "To:", "Call-ID:", "CSeq:")
                said = ["SIP/2.0 200 OK", *(one for one in lines if one.startswith(kept))]
                self.line.sendto("\r\n".join([*said, "Content-Length: 0", "", ""]).encode(), sender)


@dataclass
class Theatre:
    """The killer, the servers outside, and a folder for each run; `empty` is a new database."""

    killer: Publishing
    folder: Path
    empty: Path
    outside: Mapping[str, str]
    phone: Phone
    office: PostOffice

    def arrange(self, kind: str) -> Path:
        place = self.folder / "arranged"
        shutil.rmtree(place, ignore_errors=True)
        (place / "data").mkdir(parents=True)
        shutil.copyfile(self.empty, place / "data" / "flatpro.sqlite")
        self._ask(do="arrange", kind=kind, folder=str(place), outside=self._quiet(kind))
        return place

    def copy(self, place: Path, name: str) -> Path:
        made = self.folder / name
        shutil.rmtree(made, ignore_errors=True)
        shutil.copytree(place, made)
        self.phone.asked.clear()
        self.office.taken.clear()
        return made

    def run(self, kind: str, place: Path, kill_at: int = 0, late: int = 0) -> list[str]:
        """The moments that were lived to see; a run that is not killed leaves nothing undone."""
        said = self._ask(
            do="run", kind=kind, folder=str(place), outside=self._quiet(kind), kill_at=kill_at,
            late=late, code=KILLED if kill_at else 0,
        )  # fmt: skip
        assert kill_at or said["undone"] == []
        return list(said["moments"])

    def _quiet(self, kind: str) -> Mapping[str, str]:
        """No letter leaves but by the job that is tested."""
        wanted = {outbox.SEND: "smtp", request_work.FETCH: "imap"}
        left_out = {"smtp", "imap"} - {wanted.get(kind)}
        return {name: where for name, where in self.outside.items() if name not in left_out}

    def _ask(self, *, code: int = 0, **order: object) -> dict[str, Any]:
        said = self.killer.ask(**order)
        assert said["code"] == code, said
        return said


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Mapping[str, str], Phone, PostOffice]]:
    """Where letters leave and come from, and where a phone answers."""
    with contextlib.ExitStack() as stack:
        office, controller = opened()
        stack.callback(controller.stop)
        phone = Phone(stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
        phone.line.bind(("127.0.0.1", 0))
        threading.Thread(target=phone.answer, daemon=True).start()
        outside = {
            "smtp": f"smtp://127.0.0.1:{office.port}",
            "sip": str(phone.port),
            "silent": str(free_port()),
        }
        if shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin"):
            folder = stack.enter_context(TemporaryDirectory(prefix="fp-imap-"))
            box = stack.enter_context(dovecot.running(Path(folder) / "d"))
            for number in range(2):
                made = letter(Subject=f"Нет звука {number}", Message_ID=f"<{number}@x.example>")
                made.add_attachment("журнал", filename="phone.log")
                box.deliver(made.as_bytes())
            there = box.server
            outside["imap"] = f"imap://{there.user}:{there.password}@{there.host}:{there.port}"
        yield outside, phone, office


@pytest.fixture(scope="module")
def killer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publishing]:
    work = tmp_path_factory.mktemp("killer")
    program = "tests.portal.killed_jobs.killer"
    begin = {
        "PYTHONPATH": OTHER_DAY,
        "FLATPRO_TEST_INSTANT": "2026-11-23T07:00+00:00",
        "PUBLISHER_ERRORS": str(work / "errors"),
    }
    with publishing(work, work, program, **begin) as made:
        yield made


@pytest.fixture
def theatre(
    killer: Publishing,
    servers: tuple[Mapping[str, str], Phone, PostOffice],
    migrated_sqlite: Path,
    tmp_path: Path,
) -> Theatre:
    return Theatre(killer, tmp_path, migrated_sqlite, *servers)


def test_every_kind_of_work_has_its_case() -> None:
    assert set(CASES) == set(WORKBOOK.handlers)
    for case in CASES.values():
        if isinstance(case, Elsewhere):
            file, _, name = case.test.partition("::")
            assert f"def {name}(" in (PROJECT / file).read_text("utf-8")


@pytest.mark.parametrize("kind", HERE)
def test_proof_r10_killed_before_it_is_marked_as_done_it_has_its_effect_once(
    theatre: Theatre, kind: str
) -> None:
    undisturbed = Undisturbed.seen(theatre, kind)
    last = len(undisturbed.moments) - undisturbed.moments[::-1].index("before commit")
    kill(theatre, undisturbed, last)


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_proof_r10_killed_at_any_moment_it_has_its_effect_once(theatre: Theatre) -> None:
    kills, wrong = 0, list[str]()
    for kind in HERE:
        undisturbed = Undisturbed.seen(theatre, kind)
        for number in range(1, len(undisturbed.moments) + 1):
            kills += 1
            try:
                kill(theatre, undisturbed, number)
            except AssertionError as error:
                wrong.append(f"{kind}: {error}")
    assert wrong == []
    print(f"R10: {len(HERE)} kinds of work, killed at {kills} moments: each effect once")  # noqa: T201


@dataclass(frozen=True)
class Undisturbed:
    """What a run leaves that nobody kills; `chance` are columns in which two such runs differ."""

    kind: str
    case: Case
    place: Path
    before: State
    after: State
    chance: frozenset[Column]
    moments: list[str]
    asked: Counter[str]

    @classmethod
    def seen(cls, theatre: Theatre, kind: str) -> "Undisturbed":
        case = CASES[kind]
        assert isinstance(case, Case)
        if kind == request_work.FETCH and "imap" not in theatre.outside:
            pytest.skip("not proven: Dovecot is not installed (apt-get install dovecot-imapd)")
        place = theatre.arrange(kind)
        other = theatre.copy(place, "other")
        # A little later: what goes by the clock differs, and is not compared.
        theatre.run(kind, other, late=2)
        one = theatre.copy(place, "one")
        moments = theatre.run(kind, one)
        before, after = (State.of(folder / "data", kind) for folder in (place, one))
        for table in case.effects:
            assert before.counted(table) != after.counted(table), f"{table}: nothing to see"
        chance = vague(after, State.of(other / "data", kind)) | columns(case.tries)
        asked = outside_of(theatre)
        return cls(kind, case, place, before, after, chance, moments, asked)


def kill(theatre: Theatre, undisturbed: Undisturbed, number: int) -> None:
    """Kill one run at that moment, run again, and compare."""
    kind, case = undisturbed.kind, undisturbed.case
    place = theatre.copy(undisturbed.place, "killed")
    moments = theatre.run(kind, place, kill_at=number)
    theatre.run(kind, place, late=int(case.later.total_seconds()))
    found = State.of(place / "data", kind)
    at = f"killed at {number}, {moments[-1]}"
    for table in found.rows:
        expected = undisturbed.after.counted(table, undisturbed.chance)
        got = found.counted(table, undisturbed.chance)
        assert expected - got == Counter(), f"{at}: {table} lacks rows"
        added = expected - undisturbed.before.counted(table, undisturbed.chance)
        allowed = added.total() if table in case.twice else 0
        assert (got - expected).total() <= allowed, f"{at}: {table} has {got - expected}"
    asked = outside_of(theatre)
    assert set(asked) == set(undisturbed.asked), at
    # What was taken just before the kill is not known of: it is done again, and never a third time.
    assert all(count <= 2 * undisturbed.asked[one] for one, count in asked.items()), (at, asked)
    if kind == outbox.SEND:
        assert asked.total() <= undisturbed.asked.total() + 1, "one letter is in the hand at a time"


def outside_of(theatre: Theatre) -> Counter[str]:
    """What letters left, by the name under which a receiver knows a second copy; what was asked."""
    letters = [str(one.message["Message-ID"]) for one in theatre.office.taken]
    return Counter([*letters, *theatre.phone.asked])
