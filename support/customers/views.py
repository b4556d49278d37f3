"""Pages «Мой кабинет»: what of mine needs attention, my phones, requests, repairs, certificates."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from provision.devices import listing
from provision.devices.listing import DeviceFilter
from storage.answer_language import answer_language
from storage.clock import moscow_date, now
from storage.request import installation, reading
from support import answer_forms
from support.cases.vocabulary import Stage
from support.customers import clients as serving
from support.customers import fleet
from support.customers.cabinet import my_scope, public
from support.repairs import records as repair_records
from support.repairs.refused import UnknownRepairError
from support.requests import queue, records
from support.requests.refused import UnknownRequestError
from support.scope import CUSTOMERS
from support.sla.log import State
from support.warranty_terms.terms import TermPolicy

PAGE_SIZE = 25
LIST_MAX = 200
PAGES_MAX = 10_000


@public.get("/")
@CUSTOMERS
def home() -> str:
    """What of mine needs attention."""
    today = moscow_date(now())
    with reading() as session:
        scope = my_scope(session)
        requests = queue.of_organisations(session, scope.organisations, limit=LIST_MAX)
        in_repair = fleet.repairs(session, scope.organisations)
        wanted = DeviceFilter(organisations=scope.organisations)
        phones = listing.count(session, wanted)
        ending = fleet.ending_soon(session, scope.organisations, today, _policy())
    return render_template(
        "customers/home.html",
        scope=scope,
        phones=phones,
        ending=ending,
        today=today,
        waiting=[one for one in requests if one.state == State.WAITING_CUSTOMER],
        opened=[one for one in requests if not State(one.state).is_over],
        repairs=[one for one in in_repair if not one.stage_now.is_over],
        offers=[one for one in in_repair if one.stage_now is Stage.QUOTE],
    )


@public.get("/customers/")
@CUSTOMERS
def clients() -> str:
    """The customers of a partner, each with what is open."""
    with reading() as session:
        scope = my_scope(session)
        found = serving.clients(session, scope)
    return render_template("customers/clients.html", scope=scope, clients=found)


@public.get("/devices/")
@CUSTOMERS
def devices() -> str:
    """My phones with their warranty; what is asked for stands in the address."""
    page = _page()
    with reading() as session:
        scope = my_scope(session)
        wanted = DeviceFilter(
            text=request.args.get("q", ""),
            product=request.args.get("product", ""),
            sort="serial",
            organisations=scope.narrowed(request.args.get("organisation", "")),
        )
        found, total = fleet.page(
            session, wanted, moscow_date(now()), _policy(),
            limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE,
        )  # fmt: skip
        own = fleet.own_products(session, scope.organisations)
    return render_template(
        "customers/devices.html",
        scope=scope,
        phones=found,
        total=total,
        page=page,
        page_size=PAGE_SIZE,
        asked=request.args,
        products=own,
        today=moscow_date(now()),
    )


@public.get("/devices/<path:serial>")
@CUSTOMERS
def device(serial: str) -> str:
    """One phone: whether it is covered and why, what it runs, its requests and repairs."""
    today = moscow_date(now())
    with reading() as session:
        scope = my_scope(session)
        phone = fleet.one(session, scope, serial, today, _policy())
        known = phone.device.serial or ""
        shown = {
            "requests": fleet.requests_about(session, known, scope),
            "repairs": fleet.repairs(session, scope.organisations, known),
        }
    steps = answer_forms.steps(phone.answer, answer_language()) if phone.answer else ()
    return render_template(
        "customers/device.html",
        scope=scope,
        phone=phone,
        steps=steps,
        certificate_until=phone.certificate_until(today),
        states=State,
        **shown,
    )


@public.get("/requests/")
@CUSTOMERS
def requests_list() -> str:
    """My requests, the latest first."""
    with reading() as session:
        scope = my_scope(session)
        chosen = scope.narrowed(request.args.get("organisation", ""))
        found = queue.of_organisations(session, chosen, limit=LIST_MAX)
    return render_template("customers/requests.html", scope=scope, requests=found, states=State)


@public.get("/requests/<int:number>")
@CUSTOMERS
def request_page(number: int) -> Response:
    """The page by which a request of mine is followed."""
    with reading() as session:
        found = records.get(session, number)
        if not my_scope(session).covers(found.organisation_id):
            raise UnknownRequestError
        address = records.address_of(installation(), found)
    token = address.rpartition("/")[2]
    return redirect(url_for("support_requests.followed", token=token))


@public.get("/repairs/")
@CUSTOMERS
def repairs_list() -> str:
    """The phones that were sent in, the latest first."""
    with reading() as session:
        scope = my_scope(session)
        chosen = scope.narrowed(request.args.get("organisation", ""))
        found = fleet.repairs(session, chosen)
    return render_template("customers/repairs.html", scope=scope, repairs=found)


@public.get("/repairs/<number>")
@CUSTOMERS
def repair_page(number: str) -> Response:
    """The page by which an act of mine is followed."""
    with reading() as session:
        found = repair_records.by_number(session, number)
        if not my_scope(session).covers(found.organisation_id):
            raise UnknownRepairError
        address = repair_records.address_of(installation(), found)
    return redirect(url_for("repairs.follow", token=address.rpartition("/")[2]))


@public.get("/certificates")
@CUSTOMERS
def certificates() -> str:
    """The certificates of my phones."""
    with reading() as session:
        scope = my_scope(session)
        found = fleet.certificates(session, scope.organisations)
    today = moscow_date(now())
    return render_template(
        "customers/certificates.html", scope=scope, certificates=found, today=today
    )


@public.get("/downloads")
@CUSTOMERS
def downloads() -> str:
    """Firmware and documents of the products that I have."""
    with reading() as session:
        scope = my_scope(session)
        own = fleet.own_products(session, scope.organisations)
        versions = fleet.current_versions(session)
    return render_template("customers/downloads.html", scope=scope, products=own, versions=versions)


def _policy() -> TermPolicy:
    return installation().option(TermPolicy)


def _page() -> int:
    typed = request.args.get("page", "1")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1
    return min(max(number, 1), PAGES_MAX)
