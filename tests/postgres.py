"""A real PostgreSQL for one test process: own folder, own port, not the system's service."""

import itertools
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.ports import free_port

MEMORY_BYTES = 2 * 1024**3
_SHARED = (Path("/tmp"), Path("/dev/shm"), Path("/dev"))


def find_pg_ctl() -> Path | None:
    """Debian keeps the server's programs out of PATH."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found)
    return max(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), default=None)


def fast_folder() -> str | None:
    """Memory, where there is some: hundreds of small databases are made and dropped there."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or os.statvfs(memory).f_flag & os.ST_NOEXEC:
        return None
    return str(memory) if shutil.disk_usage(memory).free > MEMORY_BYTES else None


@dataclass
class Postgres:
    folder: Path
    port: int
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    def start(cls, folder: Path) -> "Postgres":
        folder.mkdir()
        server = cls(folder / "data", free_port())
        folder.chmod(0o755)
        for parent in folder.parents:
            # initdb runs as another user when we are root, and must reach its folder.
            if parent.owner() == pwd.getpwuid(os.geteuid()).pw_name and parent not in _SHARED:
                parent.chmod(parent.stat().st_mode | 0o711)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        server._run("initdb", "-D", str(server.folder), "-U", "flatpro", "-A", "trust", "-N")
        server.go_on()
        return server

    def go_on(self) -> None:
        """Start, or start again after `close`."""
        folder = self.folder.parent
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        log = str(folder / "log")
        self._run("pg_ctl", "-D", str(self.folder), "-w", "-o", options, "-l", log, "start")

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://flatpro@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """Make a database as a copy of `template`; its name."""
        # Twice as quick as by the log, where nothing is synced (PostgreSQL 15 and newer).
        name = f"test_{next(self._numbers)}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop_database(self, name: str) -> None:
        """Remove it, whoever still looks at it: a thousand of them take a minute to clear away."""
        self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "stop")

    def _administer(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _run(self, program: str, *arguments: str) -> None:
        pg_ctl = find_pg_ctl()
        assert pg_ctl is not None
        command = [str(pg_ctl.parent / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
