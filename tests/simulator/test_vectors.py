"""The simulated phone gives the answers of docs/vectors/ by code of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.upgrade import Asking, Offered, Verdict, is_in, judge, next_release, slot

FOLDER = Path(__file__).parents[2] / "docs" / "vectors"


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text("utf-8"))["cases"]
    return found


def offered(release: dict[str, Any]) -> Offered:
    return Offered(
        version=release["version"],
        hardware=frozenset(release["hardware"]),
        min_from=release["min_from"],
        withdrawn=release["status"] == "withdrawn",
        broken=frozenset(release["broken"]),
        percent=release["rollout"]["percent"],
        salt=release["rollout"]["salt"],
    )


@pytest.mark.parametrize("case", cases("upgrade-path.json"), ids=lambda case: case["name"])
def test_a_phone_finds_the_way_that_the_vectors_say(case: dict[str, Any]) -> None:
    releases = [offered(release) for release in case["releases"]]
    for query in case["queries"]:
        asking = Asking(query["running"], query["hardware"], query["mac"])
        decision = next_release(asking, releases, case["floors"])
        assert (decision.verdict, decision.version) == (query["answer"], query["version"]), query
        if decision.verdict is Verdict.TAKE and decision.version is not None:
            assert judge(decision.version, asking, releases, case["floors"]) is Verdict.TAKE


@pytest.mark.parametrize("case", cases("rollout.json"), ids=str)
def test_a_phone_finds_its_share_as_the_vectors_say(case: dict[str, Any]) -> None:
    assert slot(case["salt"], case["mac"]) == case["slot"]
    assert is_in(case["salt"], case["mac"], case["percent"]) == case["in"]
