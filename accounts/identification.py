"""Who sends this request: the session behind the cookie, or the user behind a bearer token."""

from flask import Flask, g, request
from flask import session as cookie

from accounts import sessions, tokens
from accounts.access import Actor, current_actor
from accounts.models import User
from storage.clock import now
from storage.request import reading

SESSION_KEY = "login"
_BEARER = "Bearer "


def init_app(app: Flask) -> None:
    """Find the actor of each request before its access rule is checked."""

    @app.before_request
    def _identify() -> None:
        g.actor = _actor()
        # No other site can make a browser send this header, so its requests need no form token.
        g.by_token = _bearer() is not None

    @app.context_processor
    def _for_templates() -> dict[str, object]:
        return {"actor": current_actor()}


def _actor() -> Actor | None:
    token, name = _bearer(), cookie.get(SESSION_KEY)
    if token is None and name is None:
        return None
    with reading() as session:
        # A bearer token, even a wrong one, is the whole claim: no falling back to a cookie.
        user = (
            tokens.user_of(session, token, now())
            if token is not None
            else sessions.user_of(session, str(name), now())
        )
        return actor_of(user) if user else None


def actor_of(user: User) -> Actor:
    """A user as the one who asks."""
    return Actor(user.id, user.login, user.name, user.role, user.organisation_id)


def _bearer() -> str | None:
    header = request.headers.get("Authorization", "")
    return header[len(_BEARER) :].strip() if header.startswith(_BEARER) else None
