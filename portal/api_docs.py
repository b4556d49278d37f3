"""The API's description: OpenAPI 3.1 from the code, and a readable page made of it."""

import json
from collections.abc import Sequence
from typing import cast

from flask import Blueprint, Response, current_app, render_template
from flask_openapi3 import OpenAPI
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.path_item import PathItem
from pydantic import ValidationError

from accounts.access import anyone

blueprint = Blueprint("api_docs", __name__)


def describe(app: OpenAPI, apis: Sequence[APIBlueprint]) -> None:
    """Register each API, and describe all of them: one may read at a path where another writes.

    The library keeps of such a path what the last one does there.
    """
    paths: dict[str, PathItem] = {}
    for api in apis:
        app.register_api(api)
        for path, item in api.paths.items():
            here = {name: getattr(item, name) for name in item.model_fields_set}
            paths[path] = paths.get(path, PathItem()).model_copy(update=here)
    app.paths.update(paths)


def validation_problem(error: ValidationError) -> Response:
    """A bad parameter as problem+json: where and why, never what was sent."""
    errors = [
        {"where": ".".join(map(str, item["loc"])), "why": item["msg"]}
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    body = {
        "type": "urn:flatpro:invalid-parameters",
        "title": "Some parameters are invalid.",
        "status": 422,
        "code": "invalid-parameters",
        "errors": errors,
    }
    return Response(json.dumps(body), 422, mimetype="application/problem+json")


@blueprint.get("/api/v1/openapi.json")
@anyone
def openapi() -> Response:
    """The machine-readable description."""
    return Response(json.dumps(_spec(), ensure_ascii=False), mimetype="application/json")


@blueprint.get("/api/docs")
@anyone
def page() -> str:
    """The same, for people."""
    return render_template("api_docs.html", spec=_spec())


def _spec() -> dict[str, object]:
    return cast("dict[str, object]", cast("OpenAPI", current_app).api_doc)
