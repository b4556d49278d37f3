"""The staff's word on SSH keys: the one that the phone showed is its own."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.models import Role
from provision.devices import registry
from provision.ssh_keys import pins
from provision.ssh_keys.pins import OtherKeyError
from storage.clock import now
from storage.request import writing

staff = Blueprint("ssh_keys", __name__, url_prefix="/staff/devices", template_folder="templates")


@staff.post("/<mac>/ssh-key")
@roles(Role.ENGINEER)
def accept(mac: str) -> Response:
    """Pin the key that the phone showed."""
    fingerprint = request.form.get("fingerprint", "")
    try:
        with writing() as session:
            device = registry.get(session, mac)
            pins.accept(session, device, fingerprint, actor=acting().login, now=now())
    except OtherKeyError as error:
        flash(error.text("en" if str(get_locale()) == "en" else "ru"), "fault")
    else:
        flash(_("The SSH key was confirmed."))
    return redirect(url_for("provision_staff.device", mac=mac))
