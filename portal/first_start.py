"""What an installation needs before it serves: an administrator, and its first signed files.

`flatpro serve` does it by itself; where other servers serve, `flatpro setup` does it once.
"""

from accounts import users
from catalogue import keys, repository
from portal.settings import Settings
from storage.clock import now
from storage.installation import Installation


def prepare(installation: Installation, settings: Settings) -> str | None:
    """All of it; the generated password, as `ensure_admin` tells it."""
    password = ensure_admin(installation, settings)
    ensure_trust(installation)
    return password


def ensure_admin(installation: Installation, settings: Settings) -> str | None:
    """The generated password, to be shown once; None when it was set or an admin exists."""
    with installation.database.writing() as session:
        made = users.ensure_admin(session, settings.admin_password or None, now())
    return None if settings.admin_password else made


def ensure_trust(installation: Installation) -> None:
    """Give an installation its first signed files, so that mirrors can begin with it."""
    with installation.database.writing() as session:
        repository.ensure(session, keys.of(installation), now())


def announcement(password: str) -> str:
    """The line that shows the first password, once."""
    return f"Log in as          {users.ADMIN_LOGIN}   password {password}   (shown only now)"
