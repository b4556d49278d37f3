"""Who did something, as people read it."""

from flask_babel import gettext as _


def actor_name(actor: str) -> str:
    """A login stays as it is; what acts without being a person gets its name."""
    programs = {
        "command line": _("command line"),
        "schedule": _("schedule"),
        "demo": _("demo"),
        "restore": _("restore"),
        "mail": _("mail"),
        "customer": _("the User"),
        "mirror": _("mirror"),
        "outbox": _("outgoing mail"),
        "rollout": _("rollout"),
        "first start": _("first start"),
        "acknowledgement": _("automatic reply"),
        "contract": _("the support contract"),
    }
    return str(programs.get(actor, actor))
