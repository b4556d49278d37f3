"""A real nginx for tests, with deploy/nginx/flatpro.conf, on a port and in a folder of its own."""

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import free_port

PROJECT = Path(__file__).parent.parent

CONFIGURATION = PROJECT / "deploy" / "nginx" / "flatpro.conf"
MAIN = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
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


@dataclass
class Nginx:
    """One running nginx; `close` ends it by its process."""

    process: "subprocess.Popen[bytes]"
    port: int

    @classmethod
    def start(cls, folder: Path, upstream: int, blobs: Path) -> "Nginx":
        program = find_nginx()
        assert program is not None
        folder.mkdir(parents=True)
        port = free_port()
        server = CONFIGURATION.read_text()
        for given, ours in (
            (r"server 127\.0\.0\.1:8080;", f"server 127.0.0.1:{upstream};"),
            (r"listen 80;", f"listen 127.0.0.1:{port};"),
            (r"alias /var/lib/flatpro/blobs/;", f"alias {blobs}/;"),
        ):
            server, count = re.subn(given, ours, server)
            assert count == 1, given
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, server=server))
        process = subprocess.Popen(
            [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
        )
        found = cls(process, port)
        found.wait(folder)
        return found

    def wait(self, folder: Path) -> None:
        deadline = time.monotonic() + 20
        while not (folder / "pid").exists() and time.monotonic() < deadline:
            assert self.process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)
        assert (folder / "pid").exists()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
