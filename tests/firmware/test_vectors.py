"""The server gives the answers of docs/vectors/, which mirrors and phones are checked with too."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalogue.versions import Version
from firmware import due, paths
from firmware.offers import Share, in_rollout, slot
from firmware.version_marks import marks
from firmware.version_marks.marks import Mark, MarkKind

FOLDER = Path(__file__).parents[2] / "docs" / "vectors"


def cases(name: str) -> list[dict[str, Any]]:
    document = json.loads((FOLDER / name).read_text("utf-8"))
    assert document["format"] == 1
    found: list[dict[str, Any]] = document["cases"]
    return found


def graph(case: dict[str, Any]) -> tuple[paths.ReleaseNode, ...]:
    """The case as the server has it: releases, and marks that say what is broken or too low."""
    known = [
        Mark(MarkKind.FLOOR, Version.parse(version), hardware)
        for hardware, version in case["floors"].items()
    ]
    nodes = []
    for release in case["releases"]:
        version = Version.parse(release["version"])
        known += [Mark(MarkKind.BROKEN, version, hardware) for hardware in release["broken"]]
        nodes.append(
            paths.ReleaseNode(
                version=version,
                hardware=frozenset(release["hardware"]),
                min_from=Version.parse(release["min_from"]) if release["min_from"] else None,
                withdrawn=release["status"] == "withdrawn",
                share=Share(**release["rollout"]),
            )
        )
    return marks.marked(nodes, known)


def words(answer: due.Answer) -> tuple[str, str | None]:
    match answer:
        case paths.Step(version):
            return "take", str(version)
        case due.NotYet(version):
            return "not-yet", str(version)
        case paths.NoWay(target=target):
            return "stuck", str(target)
        case paths.NothingDue():
            return "settled", None
    raise AssertionError(answer)


@pytest.mark.parametrize("case", cases("upgrade-path.json"), ids=lambda case: case["name"])
def test_the_server_leads_phones_as_the_vectors_say(case: dict[str, Any]) -> None:
    releases = graph(case)
    for query in case["queries"]:
        running = Version.parse(query["running"])
        answer = due.next_due(running, query["hardware"], query["mac"], releases)
        assert words(answer) == (query["answer"], query["version"]), query


@pytest.mark.parametrize("case", cases("rollout.json"), ids=str)
def test_the_server_shares_out_as_the_vectors_say(case: dict[str, Any]) -> None:
    assert slot(case["salt"], case["mac"]) == case["slot"]
    assert in_rollout(case["salt"], case["mac"], case["percent"]) == case["in"]
