"""A real nginx for tests: a configuration of deploy/nginx, on ports and in a folder of its own."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.waiting import until

PROJECT = Path(__file__).parent.parent

SHIPPED = PROJECT / "deploy" / "nginx"
MAIN = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ }}
    default_type application/octet-stream;
    {server}
}}
"""


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


@dataclass(frozen=True)
class Site:
    """A configuration of deploy/nginx, and what tests put in place of its ports and folders.

    Each pair is a pattern that must be found just once in the configuration and its snippets.
    """

    name: str
    replacements: tuple[tuple[str, str], ...]

    def write(self, folder: Path) -> str:
        """Copy the snippets into `folder` and return the text of the server blocks."""
        found = set()
        sources = [SHIPPED / self.name, *sorted((SHIPPED / "snippets").glob("*.conf"))]
        (folder / "snippets").mkdir()
        texts = []
        for source in sources:
            text = source.read_text()
            for pattern, ours in self.replacements:
                text, count = re.subn(pattern, ours, text)
                if count:
                    found.add(pattern)
            texts.append(text)
            (folder / "snippets" / source.name).write_text(text)
        assert found == {pattern for pattern, _ in self.replacements}
        return texts[0]


@dataclass
class Nginx:
    """One running nginx; `close` ends it by its process."""

    process: "subprocess.Popen[bytes]"
    port: int

    @classmethod
    def start(
        cls,
        folder: Path,
        upstream: int,
        blobs: Path,
        connections: int = 256,
        *,
        phones: int | None = None,
    ) -> "Nginx":
        """flatpro.conf: one plain port in front of the pages; nobody need listen for `phones`."""
        port, phones = free_port(), phones or free_port()
        site = Site(
            "flatpro.conf",
            (
                (r"server 127\.0\.0\.1:8080;", f"server 127.0.0.1:{upstream};"),
                (r"server 127\.0\.0\.1:8081;", f"server 127.0.0.1:{phones};"),
                (r"listen 80;", f"listen 127.0.0.1:{port};"),
                (r"alias /var/lib/flatpro/blobs/;", f"alias {blobs}/;"),
            ),
        )
        return cls.start_site(folder, site, port, connections)

    @classmethod
    def start_site(cls, folder: Path, site: Site, port: int, connections: int = 256) -> "Nginx":
        program = find_nginx()
        assert program is not None
        folder.mkdir(parents=True)
        server = site.write(folder)
        main = MAIN.format(folder=folder, server=server, connections=connections)
        (folder / "nginx.conf").write_text(main)
        process = subprocess.Popen(
            [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
        )
        found = cls(process, port)
        found.wait(folder)
        return found

    def wait(self, folder: Path) -> None:
        def is_up() -> bool:
            assert self.process.poll() is None, (folder / "error.log").read_text()
            return (folder / "pid").exists()

        until(is_up, within_s=40)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
