"""Staff pages of unknown phones: who calls, and taking one in."""

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy import select

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role, Site
from catalogue import products
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.registry import NewDevice
from provision.dialects import families_of
from provision.newcomers import tries, waiting
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing

staff = Blueprint("newcomers", __name__, url_prefix="/staff/newcomers", template_folder="templates")
_ENGINEERS = roles(Role.ENGINEER)


@staff.get("/")
@staff_rule
def newcomers() -> str:
    """The phones that call, or that a sweep met, and are not in the register."""
    with reading() as session:
        found = waiting.waiting(session, families_of(installation()), now())
        tried = tries.lately(session, now())
    return render_template("newcomers/list.html", newcomers=found, tried=tried)


@staff.get("/<mac>")
@_ENGINEERS
def newcomer(mac: str) -> str:
    """What one of them said, and the form to take it in."""
    return _form(MacAddress.parse(mac), {}, None)


@staff.post("/<mac>")
@_ENGINEERS
def enrol(mac: str) -> Response | tuple[str, int]:
    """Take it in; its token is shown by this answer and never again."""
    known, typed = MacAddress.parse(mac), request.form
    try:
        with writing() as session:
            waiting.one(session, families_of(installation()), known, now())
            new = _new_device(known, typed)
            device, token = waiting.enrol(session, new, actor=acting().login, now=now())
            shown = {"mac": device.mac, "token": token}
    except waiting.UnknownNewcomerError:
        raise
    except RefusedError as error:
        return _form(known, typed, error), 422
    address = f"{installation().phone_url}/p/{shown['token']}/"
    page = render_template("newcomers/enrolled.html", address=address, **shown)
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _new_device(mac: MacAddress, typed: Mapping[str, str]) -> NewDevice:
    serial = typed.get("serial", "").strip()
    return NewDevice(
        mac=mac,
        product=typed.get("product", ""),
        serial=SerialNumber.parse(serial) if serial else None,
        hardware=typed.get("hardware", "").strip() or None,
        site=typed.get("site", "") or None,
        group=typed.get("group", "").strip(),
    )


def _form(mac: MacAddress, typed: Mapping[str, str], error: RefusedError | None) -> str:
    with reading() as session:
        found = waiting.one(session, families_of(installation()), mac, now())
        suggested = waiting.suggested_product(session, found)
        options = [(one.code, one.code) for one in products.every(session)]
        sites = session.scalars(select(Site.name).order_by(Site.name)).all()
    return render_template(
        "newcomers/enrol.html",
        newcomer=found,
        typed={
            "product": suggested or "",
            "serial": found.serial or "",
            "hardware": found.hardware or "",
            **typed,
        },
        product_options=[("", "—"), *options],
        site_options=[("", "—"), *((name, name) for name in sites)],
        error=error,
    )
