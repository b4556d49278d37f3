"""sqlmap, which puts statements of its own into the inputs of an address and looks for their mark.

An input that it could not come to is no clean one: it names each that it tried.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

#: At level 2 the same takes about twice as long.
LEVEL, RISK = int(os.environ.get("FLATPRO_SQLMAP_LEVEL", "1")), 1
#: Long enough for a form of thirty fields on a machine that others use too.
ATTEMPT_S = 1500
_CLEAN = re.compile(r"parameter '([^']+)' does not seem to be injectable")
_RECORDED = re.compile(r"(?m)^Parameter: (\S+)")
_FOUND = re.compile(r"parameter '([^']+)' is vulnerable")
#: What it asks while it runs: the page that a form leads to is looked at, and no form sent there.
#: Where no part of the address is marked, it does not try one of its own choice.
#: What it got into keeps it from none of the others.
_ANSWERS = "resend=N,URI injections=N,keep testing=Y"


@dataclass(frozen=True)
class Attempt:
    """One request; what is tried is marked by * in the address or a header, or else named."""

    address: str
    names: tuple[str, ...] = ()
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str = ""
    #: Fields that are made anew for each request.
    anew: tuple[str, ...] = ()

    @property
    def inputs(self) -> int:
        """How many places of it are tried."""
        marks = self.address.count("*") + sum(one.count("*") for one in self.headers.values())
        return len(self.names) + marks


@dataclass(frozen=True)
class Word:
    """What it said: the inputs it tried for nothing, and those that it got into."""

    clean: frozenset[str]
    found: frozenset[str]
    text: str


def is_here() -> bool:
    return shutil.which("sqlmap") is not None


def run(base: str, attempt: Attempt, database: str, folder: Path) -> Word:
    """One attempt, its results in a folder of its own; `database` is SQLite or PostgreSQL.

    It compares pages, and a page that names what was just made is another each time: what it got
    into only once, and not when it tries that again, is no way in.
    """
    word = _once(base, attempt, database, folder / "first")
    if not word.found:
        return word
    again = replace(attempt, names=tuple(name for name in attempt.names if name in word.found))
    second = _once(base, again, database, folder / "second")
    return Word(word.clean | second.clean, word.found & second.found, word.text + second.text)


def _once(base: str, attempt: Attempt, database: str, folder: Path) -> Word:
    command = [
        *("sqlmap", "-u", base + attempt.address, "--batch", "--ignore-stdin"),
        *("--level", str(LEVEL), "--risk", str(RISK), "--dbms", database, "--answers", _ANSWERS),
        # Each request comes from another address, so that none is turned away as one too many.
        *("--tamper", "xforwardedfor", "--ignore-code", "401,404", "--skip-waf"),
        *("--timeout", "60", "--threads", "1", "--disable-coloring", "--output-dir", str(folder)),
    ]
    if attempt.names:
        command += ["-p", ",".join(attempt.names)]
    if attempt.form is not None:
        command += ["--data", urlencode(attempt.form)]
    if attempt.cookie:
        command += ["--cookie", attempt.cookie]
    if attempt.anew:
        command += ["--randomize", ",".join(attempt.anew)]
    for name, value in attempt.headers.items():
        command += ["--header", f"{name}: {value}"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=ATTEMPT_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    found = set(_FOUND.findall(done.stdout))
    # Its own record of what it got into, whatever it said while it ran.
    for log in folder.rglob("log"):
        found |= set(_RECORDED.findall(log.read_text("utf-8", "replace")))
    return Word(frozenset(_CLEAN.findall(done.stdout)), frozenset(found), done.stdout)
