"""How xdist shares the tests out: a file at a time, the demo to one process, long ones first.

The demo's phones have fixed ports, so it runs once; what a file starts for all its tests is started
once too.
"""

import functools
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

PROJECT = Path(__file__).parent.parent
DEMO = "the demo"
#: Begun early, so that nobody waits for them in the end.
LONG = (
    "tests/storage/test_publish_killed.py",
    "tests/storage/test_publish_power_cut.py",
    "tests/storage/test_publish_faults.py",
    "tests/portal/test_migrations_killed.py",
    "tests/flows/test_database_away.py",
    "tests/deploy/test_whole_set.py",
    "tests/catalogue/test_mirror_killed.py",
    "tests/docs_store/test_search_speed.py",
)


class FileByFile(LoadScopeScheduling):
    """One after the other as they were collected, which `arrange` sees to."""

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid)


def part_of(nodeid: str) -> str:
    """What one process does as a whole: a file, or all that the running demo is needed for."""
    file = nodeid.partition("::")[0]
    return DEMO if _is_of_the_demo(file) else file


@functools.cache
def _is_of_the_demo(file: str) -> bool:
    return "demo: Served" in (PROJECT / file).read_text(encoding="utf-8")


def arrange(items: list[pytest.Item]) -> None:
    """The order in which parts are begun; within one it stays as it was shuffled."""
    for item in items:
        if "demo" in getattr(item, "fixturenames", ()) and part_of(item.nodeid) != DEMO:
            raise pytest.UsageError(f"{item.nodeid} needs the demo: say `demo: Served` in its file")
    places = {part: place for place, part in enumerate((DEMO, *LONG))}
    items.sort(key=lambda item: places.get(part_of(item.nodeid), len(places)))
