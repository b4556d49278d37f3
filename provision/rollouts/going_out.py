"""What the page of a release says of its rollouts: who gets it now, and where that is decided."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from firmware.models import Release
from firmware.withholding import GoingOut, Withholders
from provision.rollouts import standing
from provision.rollouts.standing import Standing
from provision.rollouts.vocabulary import RolloutState


def of_release(session: Session, release: Release) -> Sequence[GoingOut]:
    """The rollouts of a release, the newest first."""
    return [_told(one) for one in standing.of_release(session, release)]


def _told(one: Standing) -> GoingOut:
    name = _("Rollout No. %(number)s", number=one.id)
    return GoingOut(
        name=f"{name}, {one.site}" if one.site else str(name),
        address=url_for("rollouts.rollout_page", number=one.id),
        words=_words(one),
        percent=_percent(one),
        follows_channel=one.state == RolloutState.DONE and one.site is None,
    )


def _words(one: Standing) -> str:
    if one.state == RolloutState.DRAFT:
        return str(_("Nobody gets it before the rollout begins."))
    if one.state in {RolloutState.PAUSED, RolloutState.STOPPED}:
        return str(_("Nobody gets it now: the rollout stands still."))
    if one.state == RolloutState.ABORTED:
        return str(_("Nobody gets it by this rollout: it was aborted."))
    if one.state == RolloutState.DONE:
        return str(_("The rollout is done: its phones follow their channel."))
    told, total = one.tally.offered + one.tally.succeeded, one.tally.total
    if not total:
        return str(_("No phone can take it yet: see why on the rollout's page."))
    percent = f"{_percent(one):.0f}"
    return str(
        _(
            "Phones that get it now: %(told)s of %(total)s (%(percent)s %%).",
            told=told,
            total=total,
            percent=percent,
        )
    )


def _percent(one: Standing) -> float:
    if one.state == RolloutState.DONE:
        return 100.0
    told, total = one.tally.offered + one.tally.succeeded, one.tally.total
    return told * 100 / total if total and one.state == RolloutState.RUNNING else 0.0


WITHHOLDERS = Withholders((of_release,))
