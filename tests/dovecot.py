"""A real IMAP server for the tests: one mailbox in a folder, served on a port of its own."""

import contextlib
import getpass
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.mailroom.options import Server
from tests.ports import free_port
from tests.waiting import until

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {helper}
default_login_user = {helper}
default_internal_group = {helpers}
mail_location = maildir:{folder}/Maildir
mail_uid = {helper}
mail_gid = {helpers}
first_valid_uid = 0
first_valid_gid = 0
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={helper} gid={helpers} home={folder}
}}
"""


@dataclass
class Dovecot:
    """The mailbox support@: letters are put into its folder as a delivery program would."""

    folder: Path
    server: Server
    count: int = 0

    def deliver(self, raw: bytes) -> None:
        self.count += 1
        name = f"{int(time.time())}.M{self.count}.test"
        new = self.folder / "Maildir" / "new"
        (self.folder / "Maildir" / "tmp" / name).write_bytes(raw)
        (self.folder / "Maildir" / "tmp" / name).rename(new / name)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Dovecot]:
    """Start the server in the foreground, and end it by its own process id."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    if program is None:
        pytest.skip("Dovecot is not installed (apt-get install dovecot-imapd)")
    user = getpass.getuser()
    # It refuses to log people in, and to read their mail, as root.
    helper, helpers = ("nobody", "nogroup") if user == "root" else (user, user)
    folder.mkdir(mode=0o755)
    folder.parent.chmod(0o755)
    for part in ("run", "state", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
        (folder / part).mkdir(parents=True)
    if user == "root":
        for part in ("Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
            shutil.chown(folder / part, helper, helpers)
    port = free_port()
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        CONFIGURATION.format(folder=folder, helper=helper, helpers=helpers, port=port),
        encoding="utf-8",
    )
    process = subprocess.Popen([program, "-F", "-c", str(configuration)])
    try:
        server = Server("imap", "127.0.0.1", port, "support", "secret")
        _wait(server, folder / "log")
        yield Dovecot(folder, server)
    finally:
        process.terminate()
        process.wait(20)


def _wait(server: Server, log: Path) -> None:
    import imaplib  # noqa: PLC0415 - for the knock alone

    def is_up() -> bool:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            connection = imaplib.IMAP4(server.host, server.port, timeout=5)
            connection.login(server.user, server.password)
            connection.logout()
            return True
        return False

    try:
        until(is_up, within_s=40, each_s=0.1)
    except AssertionError as error:
        error.add_note(log.read_text(encoding="utf-8") if log.exists() else "no log")
        raise
