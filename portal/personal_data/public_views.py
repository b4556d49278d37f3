"""The page for everybody: what is kept of people, why, on what basis and for how long."""

from flask import Blueprint, render_template

from accounts.access import anyone
from storage.request import reading
from support.personal_data import terms

public = Blueprint("privacy", __name__, url_prefix="/privacy", template_folder="templates")


@public.get("")
@anyone
def privacy_page() -> str:
    """The register without its columns, and what a person may ask for."""
    with reading() as session:
        classes = terms.every(session)
    return render_template("personal_data/privacy.html", classes=classes)
