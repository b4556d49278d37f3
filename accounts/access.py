"""Who may do what: the actor of a request, and the rule that every route states.

A route without a rule is closed. portal tests walk the route table for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.models import Role

View = TypeVar("View", bound=Callable[..., object])

STAFF_ROLES = frozenset({Role.AGENT, Role.ENGINEER, Role.PUBLISHER, Role.KEY_HOLDER, Role.ADMIN})


@dataclass(frozen=True)
class Actor:
    """Who asks: a person logged in, or a program with that person's API token."""

    user_id: int
    login: str
    name: str
    role: Role
    organisation_id: int | None

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES


@dataclass(frozen=True)
class AccessRule:
    """The roles that a route takes; None means anyone, logged in or not."""

    name: str
    roles: frozenset[Role] | None

    def allows(self, actor: Actor | None) -> bool:
        if self.roles is None:
            return True
        return actor is not None and actor.role in self.roles

    def __call__(self, view: View) -> View:
        """Marks `view` with this rule."""
        view.access_rule = self  # type: ignore[attr-defined]  # a mark on the function itself
        return view


anyone = AccessRule("anyone", None)
#: A phone proves itself inside the view (token, Digest, certificate); no session is looked at.
phone = AccessRule("phone", None)
signed_in = AccessRule("signed in", frozenset(Role))
staff = AccessRule("staff", STAFF_ROLES)


def roles(*names: Role) -> AccessRule:
    """A rule for these roles; an admin may always."""
    return AccessRule(" or ".join(names), frozenset({*names, Role.ADMIN}))


def current_actor() -> Actor | None:
    """Who asks, or None for an anonymous request."""
    found: Actor | None = g.get("actor")
    return found


def acting() -> Actor:
    """Who asks, in a route whose rule has let only known actors in."""
    found = current_actor()
    assert found is not None, "only routes with a rule that needs an actor call this"
    return found


def rule_of(app: Flask, endpoint: str) -> AccessRule | None:
    """The rule a route states, or None: then it is closed."""
    return getattr(app.view_functions[endpoint], "access_rule", None)


def enforce(app: Flask) -> None:
    """Check the rule of each route before its view runs."""

    @app.before_request
    def _check() -> Response | None:
        if request.endpoint is None:
            return None
        rule = rule_of(app, request.endpoint)
        actor = current_actor()
        if rule is None or not rule.allows(actor):
            return _turn_away(actor)
        return None


def _turn_away(actor: Actor | None) -> Response:
    if actor is not None:
        abort(403)
    if request.path.startswith("/api/") or request.method not in {"GET", "HEAD"}:
        # What a form holds would be lost on the way to the login: portal.kept_forms keeps it.
        abort(401)
    return redirect(
        url_for("accounts.login", next=request.script_root + request.full_path.rstrip("?"))
    )
