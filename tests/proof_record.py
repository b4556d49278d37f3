"""What runs of the tests showed of one source tree: the rooms, then the flows, then a long one.

It lies in pytest's cache. The page of the proofs is no part of the source: it is written from it.
"""

import hashlib
import subprocess
from dataclasses import dataclass
from typing import TypedDict

import pytest

from tests.proof_register import ROOT, Outcome, Run

_KEY = "flatpro/proofs"
_PAGE = ":(exclude)docs/proofs.md"


class _Kept(TypedDict):
    source: str
    date: str
    seeds: list[str]
    ends: dict[str, str]
    printed: dict[str, list[str]]
    again: list[str]


@dataclass(frozen=True)
class Record:
    """Everything that ran, with the day of the last run and the seed of each."""

    run: Run
    date: str
    seeds: tuple[str, ...]

    @property
    def named_seeds(self) -> str:
        several = len(self.seeds) > 1
        return f"{'seeds' if several else 'seed'} {', '.join(self.seeds)}"


def source() -> str:
    """A name for the tree as it lies here, or "" where git does not know it."""
    asked = (
        ("ls-files", "--stage", "--", ".", _PAGE),
        ("diff", "HEAD", "--", ".", _PAGE),
        ("ls-files", "--others", "--exclude-standard"),
    )
    told = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
        for words in asked
    ]
    if any(one.returncode for one in told):
        return ""
    return hashlib.sha256(b"\0".join(one.stdout for one in told)).hexdigest()


def joined(cache: pytest.Cache | None, source: str, now: Record) -> Record:
    """This run with those before it of the same source, kept for the next one."""
    kept: _Kept | None = cache.get(_KEY, None) if cache else None
    record = now
    if kept is not None and source and kept["source"] == source:
        before = _read(kept)
        seeds = dict.fromkeys((*before.seeds, *now.seeds))
        record = Record(before.run.then(now.run), now.date, tuple(seeds))
    if cache:
        cache.set(_KEY, _written(source, record))
    return record


def _read(kept: _Kept) -> Record:
    run = Run(
        {node: Outcome(end) for node, end in kept["ends"].items()},
        {node: tuple(lines) for node, lines in kept["printed"].items()},
        frozenset(kept["again"]),
    )
    return Record(run, kept["date"], tuple(kept["seeds"]))


def _written(source: str, record: Record) -> _Kept:
    run = record.run
    return {
        "source": source,
        "date": record.date,
        "seeds": list(record.seeds),
        "ends": {node: str(end) for node, end in run.ends.items()},
        "printed": {node: list(lines) for node, lines in run.printed.items()},
        "again": sorted(run.again),
    }
