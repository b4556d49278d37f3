"""Page of an act: whoever filed it takes back the consent to the handling of personal data."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import anyone
from storage.clock import now
from storage.request import writing
from support.personal_data import consents
from support.repairs import records

public = Blueprint("repair_consents", __name__, url_prefix="/repair")


@public.post("/r/<token>/withdraw-consent")
@anyone
def withdraw_consent(token: str) -> Response:
    """An officer has 30 days to end the data; what the repair still needs stays until its end."""
    with writing() as session:
        report = records.by_token(session, token)
        consents.withdraw_own(session, report.consent_id, actor="customer", now=now())
    flash(_("Your consent is withdrawn: the data go within 30 days."))
    return redirect(url_for("repairs.follow", token=token))
