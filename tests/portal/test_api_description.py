"""The API's description names every operation that there is; S19 makes its cases of it."""

import re

import pytest
from flask import Flask

#: The description and its page.
NOT_DESCRIBED = {"api_docs.openapi", "api_docs.page"}


@pytest.fixture
def backend() -> str:
    return "sqlite"


def test_every_operation_of_the_api_is_described(app: Flask) -> None:
    description = app.test_client().get("/api/v1/openapi.json").get_json()
    described = {
        (method.upper(), path)
        for path, operations in description["paths"].items()
        for method in operations
    }
    served = {
        (method, re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint not in NOT_DESCRIBED
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert len(served) > 20
    assert described == served
