"""Staff take a phone's log as a file."""

from flask import Blueprint, Response

from accounts.access import acting, roles
from accounts.models import Role
from provision.devices import registry
from provision.phone_logs import keeping
from storage.clock import now
from storage.request import installation, writing

staff = Blueprint("phone_logs", __name__, url_prefix="/staff/devices")


@staff.post("/<mac>/logs/<int:number>")
@roles(Role.AGENT, Role.ENGINEER)
def take(mac: str, number: int) -> Response:
    """The log as it was sent, as a file; a POST, as the audit trail keeps who took it."""
    with writing() as session:
        device = registry.get(session, mac)
        log, content = keeping.taken(
            session, installation().seal, device, number, actor=acting().login, now=now()
        )
    file_name = f"{device.mac}-{log.name}-{log.at:%Y%m%d-%H%M%S}.log"
    answer = Response(content, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
