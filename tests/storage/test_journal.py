"""The journal: every record appended is folded once, whoever dies in between."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from storage import journal_reader
from storage.db import Base, Database, sqlite_url
from storage.installation import Installation
from storage.journal import Journal
from storage.journal_reader import JournalReader

RECORDS = st.lists(st.binary(min_size=1, max_size=40).filter(lambda r: b"\n" not in r), max_size=30)
ROUNDS = 8

#: Appends numbers for ever and says each one after it was appended.
WRITER = """
import itertools, os, sys
from pathlib import Path
from storage.journal import Journal
journal = Journal(Path(sys.argv[1]), segment_bytes=2000)
for number in itertools.count():
    journal.append(f"{sys.argv[2]}-{number}".encode())
    os.write(1, f"{sys.argv[2]}-{number}\\n".encode())
"""


def take(session: Session, records: Sequence[bytes]) -> None:
    rows = [{"record": record.hex()} for record in records]
    session.execute(text("INSERT INTO taken (record) VALUES (:record)"), rows)


def taken(database: Database) -> list[bytes]:
    with database.reading() as session:
        found = session.scalars(text("SELECT record FROM taken ORDER BY id"))
        return [bytes.fromhex(record) for record in found]


def with_table(database: Database) -> Database:
    number = "INTEGER" if database.is_sqlite else "SERIAL"
    with database.writing() as session:
        session.execute(text(f"CREATE TABLE taken (id {number} PRIMARY KEY, record TEXT)"))
    return database


@pytest.fixture
def database(installation: Installation) -> Iterator[Database]:
    return with_table(installation.database)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.journal"))


def test_what_is_appended_is_folded_once_and_in_its_order(database: Database, folder: Path) -> None:
    journal, reader = Journal(folder), JournalReader(database, folder, take)
    for number in range(5):
        journal.append(b"a%d" % number)
    assert (reader.fold(), reader.fold()) == (5, 0)
    journal.append(b"b")
    # Another process folds on where this one stopped.
    assert JournalReader(database, folder, take).fold() == 1
    assert reader.fold() == 0
    assert taken(database) == [b"a0", b"a1", b"a2", b"a3", b"a4", b"b"]


def test_a_segment_is_deleted_when_its_writer_ended_and_all_of_it_was_taken(
    database: Database, folder: Path
) -> None:
    journal, reader = Journal(folder, segment_bytes=30), JournalReader(database, folder, take)
    for number in range(20):
        journal.append(b"record-%02d" % number)
    assert len(segments(folder)) > 3
    assert segments(folder)[0].stat().st_mode & 0o777 == 0o600
    assert reader.fold() == 20
    assert len(segments(folder)) == 1, "the one that may still grow"
    journal.close()
    assert reader.fold() == 0
    assert segments(folder) == []
    assert len(taken(database)) == 20


def test_what_a_dying_writer_left_half_written_is_no_record(
    database: Database, folder: Path
) -> None:
    journal, reader = Journal(folder), JournalReader(database, folder, take)
    journal.append(b"whole")
    with segments(folder)[0].open("ab") as file:
        file.write(b"hal")
    assert reader.fold() == 1
    assert len(segments(folder)) == 1
    journal.close()
    assert reader.fold() == 0
    assert (segments(folder), taken(database)) == ([], [b"whole"])


def test_records_longer_than_a_chunk_are_taken_whole(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_reader, "CHUNK_BYTES", 16)
    records = [b"x" * size for size in (3, 100, 15, 16, 17, 1)]
    journal = Journal(folder)
    for record in records:
        journal.append(record)
    assert JournalReader(database, folder, take).fold() == len(records)
    assert taken(database) == records


def test_a_fold_that_fails_takes_nothing_and_the_next_one_takes_all(
    database: Database, folder: Path
) -> None:
    journal, reader = Journal(folder), JournalReader(database, folder, take)
    journal.append(b"one")

    def refuse(_connection: Connection) -> None:
        raise OSError("the power is gone")

    event.listen(database.engine, "commit", refuse)
    with pytest.raises(OSError, match="power"):
        reader.fold()
    event.remove(database.engine, "commit", refuse)
    assert taken(database) == []
    assert (reader.fold(), taken(database)) == (1, [b"one"])


def test_two_readers_at_once_take_each_record_once(database: Database, folder: Path) -> None:
    journal = Journal(folder, segment_bytes=400)
    readers = [JournalReader(database, folder, take) for _ in range(2)]
    done = threading.Event()

    def read(reader: JournalReader) -> None:
        while not done.is_set():
            reader.fold()
        reader.fold()

    threads = [threading.Thread(target=read, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for number in range(300):
        journal.append(b"%d" % number)
    done.set()
    for thread in threads:
        thread.join(30)
    assert sorted(map(int, taken(database))) == list(range(300))


@settings(deadline=None, max_examples=60)
@given(records=RECORDS, segment_bytes=st.integers(1, 120), folds=st.sets(st.integers(0, 30)))
def test_however_it_is_cut_into_segments_and_folds_nothing_is_lost_or_doubled(
    records: list[bytes], segment_bytes: int, folds: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        database = Database(sqlite_url(Path(name) / "database"))
        Base.metadata.create_all(
            database.engine, [Base.metadata.tables[journal_reader.JournalPlace.__tablename__]]
        )
        with_table(database)
        folder = Path(name) / "journal"
        journal = Journal(folder, segment_bytes=segment_bytes)
        for number, record in enumerate(records):
            journal.append(record)
            if number in folds:
                JournalReader(database, folder, take).fold()
        journal.close()
        JournalReader(database, folder, take).fold()
        assert (taken(database), segments(folder)) == (records, [])
        database.dispose()


def test_a_kill_loses_nothing_that_was_appended(database: Database, folder: Path) -> None:
    """A writer is killed in the middle of its work, again and again, while a reader folds."""
    acknowledged: set[str] = set()
    reader = JournalReader(database, folder, take)
    for run in range(ROUNDS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(run)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            first = writer.stdout.readline()
            end = time.monotonic() + 0.02 * run
            while time.monotonic() < end:
                reader.fold()
            os.kill(writer.pid, signal.SIGKILL)
            said = first + writer.stdout.read()
        whole = said[: said.rfind(b"\n")]
        acknowledged.update(whole.decode().split("\n"))
    while reader.fold():
        pass
    found = [record.decode() for record in taken(database)]
    assert len(found) == len(set(found)), "none twice"
    assert acknowledged <= set(found), "none lost"
    assert segments(folder) == []


def test_a_record_that_the_disk_has_no_room_for_is_refused_and_spoils_no_other(
    database: Database, folder: Path
) -> None:
    folder.mkdir()
    program = (
        "import resource, sys, signal; from pathlib import Path\n"
        "from storage.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for number in range(9):\n"
        "    try: journal.append(b'r%d' % number * 10)\n"
        "    except OSError: print('refused', number)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    refused = {int(line.split()[1]) for line in done.stdout.splitlines()}
    assert refused
    JournalReader(database, folder, take).fold()
    expected = [b"r%d" % number * 10 for number in range(9) if number not in refused]
    assert taken(database) == expected
