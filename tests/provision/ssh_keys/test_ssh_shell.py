"""Phones with a shell alone: fixed commands typed into it, each answer up to the next prompt."""

import contextlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import paramiko
import pytest

from provision.families.family import Family
from provision.readers.errors import UnexpectedAnswerError
from provision.readers.networks import Target
from provision.readers.ssh import OUTPUT_MAX, SshVisit, read_ssh
from provision.readers.ways import SshLogin
from tests.provision.ssh_keys.conftest import HOST_KEY, READER_GONE, Desk, Play, ssh_play

LOGIN = SshLogin("admin", "ssh-Secret-7", HOST_KEY.fingerprint)
PROMPT = re.compile(r"phone[>#]")
SAYS = {"show version": "model: FP-B2\r\nserial: FP2648B2K7Q2XM6\r\nfirmware: 2.4.1\r\n"}
Talk = Callable[[paramiko.Channel], None]


class ShellDesk(Desk):
    """Refuses single commands; `talk` is the shell."""

    def __init__(self, talk: Talk) -> None:
        super().__init__(lambda _channel: False)
        self._talk = talk

    def check_channel_pty_request(self, *_told: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        threading.Thread(target=self._talked, args=(channel,), daemon=True).start()
        return True

    def _talked(self, channel: paramiko.Channel) -> None:
        with contextlib.suppress(*READER_GONE):
            self._talk(channel)


def shell(typed: list[str], answer: Callable[[str], bytes]) -> Talk:
    """A shell that echoes, as terminals do, and colours its prompt."""

    def talk(channel: paramiko.Channel) -> None:
        prompt = b"\x1b[1;32mphone> \x1b[0m"
        channel.sendall(b"Flat Phone\r\nphone> is my prompt\r\n" + prompt)
        for line in channel.makefile("r"):
            command = line.strip()
            typed.append(command)
            channel.sendall(command.encode() + b"\r\n" + answer(command) + prompt)

    return talk


def read(target: Target, family: Family, wall_clock_s: float = 20) -> SshVisit:
    assert family.ssh is not None
    ssh = replace(family.ssh, prompt=PROMPT)
    return read_ssh(target, replace(family, ssh=ssh), LOGIN, wall_clock_s=wall_clock_s)


def test_a_shell_is_asked_the_same_and_nothing_else(
    hostile: Callable[[Play], Target], flat_phone: Family
) -> None:
    typed: list[str] = []
    talk = shell(typed, lambda command: SAYS.get(command, "").encode())
    visit = read(hostile(ssh_play(ShellDesk(talk))), flat_phone)
    assert (visit.facts.product, visit.facts.firmware) == ("FP-B2", "2.4.1")
    assert typed == ["show version", "show network", "show sip", "show log"]
    assert visit.said[0].output == "model: FP-B2\nserial: FP2648B2K7Q2XM6\nfirmware: 2.4.1"
    assert "\x1b" not in visit.transcript


def test_output_without_end_is_cut_and_ends_the_questions(
    hostile: Callable[[Play], Target], flat_phone: Family
) -> None:
    talk = shell([], lambda _command: b"x" * (OUTPUT_MAX + 10_000) + b"\r\n")
    visit = read(hostile(ssh_play(ShellDesk(talk))), flat_phone)
    assert [one.cut for one in visit.said] == [True]
    assert len(visit.said[0].output) <= OUTPUT_MAX


LIES: dict[str, Talk] = {
    "no prompt": lambda channel: channel.sendall(b"welcome\r\n"),
    "hanging up": lambda channel: channel.close(),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_shell_that_never_prompts_costs_its_wall_clock_and_nothing_more(
    hostile: Callable[[Play], Target], flat_phone: Family, lie: str, leeway: float
) -> None:
    began = time.monotonic()
    with pytest.raises(UnexpectedAnswerError):
        read(hostile(ssh_play(ShellDesk(LIES[lie]))), flat_phone, wall_clock_s=1.5)
    assert time.monotonic() - began < 8 * leeway
