"""S20: 64 KiB in any text that the API's own description names cost a moment of the processor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from accounts import tokens, users
from storage.clock import now
from storage.installation import Installation
from tests.conftest import ADMIN_PASSWORD
from tests.portal.long_texts.kinds import KINDS, text_of
from tests.portal.long_texts.weighing import MOMENT_S, Scales, Timed, Weight
from tests.provision import estate as estates

PARTS = {"mac": estates.MAC, "code": "FP-B2", "version": "1.0.0"}
SMOKE = {"brackets"}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@dataclass(frozen=True)
class Description:
    """The API's document, and what it would take for an example of a schema."""

    document: Mapping[str, Any]

    def schema(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" in found:
            return self.schema(self.document["components"]["schemas"][found["$ref"].split("/")[-1]])
        return self.schema(found["anyOf"][0]) if "anyOf" in found else found

    def bodies(self, given: Mapping[str, Any], text: str) -> Iterator[tuple[str, Any]]:
        """The smallest example with the text in one place, for each place of a text."""
        found = self.schema(given)
        if found.get("type") == "string":
            yield "", text
        elif found.get("type") == "array":
            for name, one in self.bodies(found["items"], text):
                yield f"[]{name}", [one]
        elif found.get("type") == "object":
            for field, inner in found.get("properties", {}).items():
                for name, one in self.bodies(inner, text):
                    yield f".{field}{name}", self.example(found) | {field: one}

    def example(self, given: Mapping[str, Any]) -> Any:
        found = self.schema(given)
        if found.get("type") == "object":
            needed = {name: found["properties"][name] for name in found.get("required", ())}
            return {name: self.example(inner) for name, inner in needed.items()}
        simple = {"string": "x", "integer": 1, "number": 1, "boolean": True, "array": []}
        return simple.get(found.get("type", ""), {})

    def requests(self, text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, address and the rest of each request with the text in one place."""
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                given = operation.get("parameters", ())
                parts = {one["name"]: PARTS.get(one["name"], "1") for one in given}
                for one in given:
                    if one["in"] == "query":
                        asked = {"query_string": {one["name"]: text}}
                        yield method, path.format(**parts), asked
                    elif self.schema(one["schema"]).get("type") == "string":
                        yield method, path.format(**parts | {one["name"]: text}), {}
                content = operation.get("requestBody", {}).get("content", {})
                for _, body in self.bodies(
                    content.get("application/json", {}).get("schema", {}), text
                ):
                    yield method, path.format(**parts), {"json": body}


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[] if kind in SMOKE else pytest.mark.prove) for kind in KINDS],
)
def test_proof_s20_no_long_text_in_the_api_costs_more_than_a_moment(
    app: Flask, installation: Installation, kind: str
) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        token = tokens.issue(session, users.get(session, "admin"), "t", actor="t", now=now())
    estates.build(installation)
    client, scales = app.test_client(), Scales(Timed(app))
    document = client.get("/api/v1/openapi.json").get_json()
    told: list[Weight] = []
    for method, address, rest in Description(document).requests(text_of(kind)):
        headers = {"Authorization": f"Bearer {token}"}
        told.append(
            scales.weigh(
                lambda: client.open(address, method=method, headers=headers, **rest),  # noqa: B023 - asked at once
                f"{method} {address[:60]}",
                str(rest)[:60],
                kind,
            )
        )
    print(  # noqa: T201 - the figure of the proof
        f"S20: 64 KiB of {kind} in each of {len(told)} texts of the API: "
        f"{max(told).spent_s * 1000:.0f} ms at most"
    )
    assert [one for one in told if one.status >= 500] == []
    assert max(told).spent_s < MOMENT_S, max(told)
    assert len(told) > 40
