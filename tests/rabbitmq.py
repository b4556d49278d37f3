"""A real RabbitMQ for tests: its own node name, cookie, ports and folder, never the system's."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.waiting import until

READY_S = 60
#: Debian's own start script; the one in /usr/sbin changes to the system's user and folders.
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def find_rabbitmq() -> Path | None:
    return PROGRAM if PROGRAM.exists() and shutil.which("epmd") else None


@dataclass
class RabbitMQ:
    """One running broker and the name server of its node; `close` ends both."""

    processes: "list[subprocess.Popen[bytes]]"
    port: int

    @classmethod
    def start(cls, folder: Path) -> "RabbitMQ":
        folder.mkdir(parents=True)
        port, node, names = free_port(), free_port(), free_port()
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text("loopback_users = none\nlog.console = true\n")
        environ = {
            "PATH": os.environ["PATH"],
            # The cookie of Erlang lies in the home folder.
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"flatpro{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(node),
            "RABBITMQ_BASE": str(folder),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "flags"),
        }
        log = folder / "output"
        found = cls([], port)
        with log.open("wb") as output:
            # Started by the node it would outlive us.
            for command in (["epmd"], [str(PROGRAM)]):
                found.processes.append(
                    subprocess.Popen(
                        command,
                        env=environ,
                        stdout=output,
                        stderr=output,
                        cwd=folder,
                        start_new_session=True,
                    )
                )
        found._wait(log)
        return found

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def close(self) -> None:
        # The script waits for the node that it started; both are of one group.
        for process in reversed(self.processes):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)

    def _wait(self, log: Path) -> None:
        def is_up() -> bool:
            assert self.processes[-1].poll() is None, log.read_text()[-3000:]
            return b"Server startup complete" in log.read_bytes()

        try:
            until(is_up, within_s=READY_S)
        except AssertionError as error:
            self.close()
            error.add_note(log.read_text()[-3000:])
            raise
