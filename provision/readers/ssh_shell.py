"""Phones that run no single commands over SSH but have a shell: one of it for all of them.

What was said ends where the phone's prompt (a pattern of the family file) stands alone on the last
line. Nothing is typed but the family's fixed commands; a pager that waits for a key is left to the
session's wall clock.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import paramiko
from paramiko.ssh_exception import SSHException

from provision.readers.ssh_leash import SshLeash

OUTPUT_MAX = 64 * 1024
_CHUNK = 16 * 1024
#: Wide and high, so that the phone neither breaks lines nor turns pages.
_WIDTH, _HEIGHT = 500, 1000
#: A prompt is short; a longer last line is output that goes on.
_PROMPT_MAX = 256
_LOOKED_AT = 4 * _PROMPT_MAX
#: Colours, cursor moves and window titles.
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


@dataclass(frozen=True)
class Typed:
    """What the phone said to one command; `cut` when it said more than is kept."""

    command: str
    raw: bytes
    cut: bool = False


def typed_in(
    transport: paramiko.Transport,
    leash: SshLeash,
    commands: Iterable[str],
    prompt: re.Pattern[str],
) -> Iterator[Typed]:
    """What each command says; after one that says too much there is no next one.

    Raises SSHException where the shell ends before its prompt.
    """
    channel = transport.open_session(timeout=leash.seconds_left)
    try:
        channel.set_combine_stderr(True)
        channel.get_pty(term="dumb", width=_WIDTH, height=_HEIGHT)
        channel.invoke_shell()
        _until_prompt(channel, leash, prompt)
        for command in commands:
            channel.settimeout(leash.seconds_left)
            channel.sendall(f"{command}\n".encode())
            heard, cut = _until_prompt(channel, leash, prompt)
            yield Typed(command, _without_echo(heard, command), cut)
            if cut:
                return
    finally:
        channel.close()


def _until_prompt(
    channel: paramiko.Channel, leash: SshLeash, prompt: re.Pattern[str]
) -> tuple[bytes, bool]:
    """What came before the prompt, and whether it was too much to wait for that."""
    heard = b""
    while len(heard) <= OUTPUT_MAX:
        channel.settimeout(leash.seconds_left)
        more = channel.recv(_CHUNK)
        if not more:
            raise SSHException("the shell ended before its prompt")
        heard += more
        # Only its end: a phone that drips byte by byte must not have all of it read each time.
        _, last = _last_line(heard[-_LOOKED_AT:])
        if (
            len(heard) <= OUTPUT_MAX
            and len(last) <= _PROMPT_MAX
            and prompt.fullmatch(last.decode("utf-8", "replace"))
        ):
            return _last_line(heard)[0], False
    return heard[:OUTPUT_MAX], True


def _last_line(heard: bytes) -> tuple[bytes, bytes]:
    before, _, last = _ESCAPES.sub(b"", heard).rpartition(b"\n")
    return before, last.lstrip(b"\r").strip()


def _without_echo(heard: bytes, command: str) -> bytes:
    """The output without the command itself, which a terminal repeats."""
    clean = _ESCAPES.sub(b"", heard).replace(b"\r\n", b"\n").replace(b"\r", b"")
    first, _, rest = clean.partition(b"\n")
    return rest if first.strip() == command.encode() else clean
