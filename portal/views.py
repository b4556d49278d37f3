"""The pages that no single slice owns: front page, download centre, staff home, jobs."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.access import anyone
from accounts.access import staff as staff_rule
from catalogue import products
from catalogue.models import Product
from docs_store import library
from firmware import offering, releases
from firmware.models import Channel, Release
from firmware.software import programs
from jobs.models import Job
from portal import job_words, languages, product_page, verifying, waiting_today
from portal.search_box import searching
from provision.models import CheckIn, Device
from provision.rollouts import standing
from storage.clock import moscow_date, now
from storage.request import installation, reading

JOBS_SHOWN = 100
SECURITY_TXT = """Contact: mailto:support@flat-pro.ru
Preferred-Languages: ru, en
Canonical: {base}/.well-known/security.txt
Expires: {expires}
"""

public = Blueprint("portal", __name__, template_folder="templates")
staff = Blueprint("portal_staff", __name__, url_prefix="/staff", template_folder="templates")


@dataclass(frozen=True)
class Shelf:
    """A product as the catalogue lists it."""

    product: Product
    current: Release | None


@public.get("/")
@anyone
def front() -> str:
    """Four doors and one search box."""
    with reading() as session:
        shelves = _shelves(session)
    return render_template("front.html", shelves=shelves)


@public.get("/downloads/")
@anyone
def downloads() -> str:
    """Every product, or those that the query names."""
    wanted = request.args.get("q", "").strip()
    with reading() as session:
        shelves = _shelves_named(session, wanted) if wanted else _shelves(session)
    page = "downloads_list.html" if request.headers.get("HX-Request") else "downloads.html"
    return render_template(page, shelves=shelves, wanted=wanted)


@public.get("/downloads/<code>/")
@anyone
def product(code: str) -> str:
    """Which file to take, how to know it is right, and what to read with it."""
    running = request.args.get("from", "").strip()[:32] or None
    with reading() as session:
        page = product_page.assemble(
            session,
            products.get(session, code),
            running=running,
            language=languages.current(),
            base=installation().public_url,
        )
    return render_template(
        "product.html", page=page, commands=verifying.commands, today=moscow_date(now())
    )


@public.get("/manifest.json")
@anyone
def manifest() -> Response:
    """The index of everything published, for programs."""
    with reading() as session:
        body = {
            "products": [_product_entry(session, found) for found in products.every(session)],
            "documents": [entry.as_json() for entry in library.documents_index(session)],
        }
    response = Response(json.dumps(body, ensure_ascii=False, indent=1), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=60, must-revalidate"
    return response


@public.get("/.well-known/security.txt")
@anyone
def security_txt() -> Response:
    """Whom to tell about a vulnerability (RFC 9116)."""
    expires = (now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    text = SECURITY_TXT.format(base=installation().public_url, expires=expires)
    return Response(text, mimetype="text/plain")


@staff.get("/", endpoint="home")
@staff_rule
def staff_home() -> str:
    """What is on fire, what is due today, how the fleet is."""
    instant = now()
    with reading() as session:
        return render_template(
            "staff_home.html",
            fleet=_fleet(session),
            fetches=_fetches(session, instant),
            failed=session.scalars(
                select(Job).where(Job.state == "failed").order_by(Job.id.desc()).limit(5)
            ).all(),
            shelves=_shelves(session),
            rollouts=standing.wait_for_somebody(session),
            matters=waiting_today.matters(session, instant),
        )


@staff.get("/jobs", endpoint="jobs")
@staff_rule
def list_jobs() -> str:
    """The newest jobs and how far they are."""
    with reading() as session:
        found = session.scalars(select(Job).order_by(Job.id.desc()).limit(JOBS_SHOWN)).all()
    return render_template("jobs.html", jobs=found, said=job_words.said)


def _shelves(session: Session) -> list[Shelf]:
    published = releases.by_product(session)
    return [
        Shelf(found, releases.current(published.get(found.id, ()), Channel.STABLE))
        for found in products.every(session)
    ]


def _shelves_named(session: Session, wanted: str) -> list[Shelf]:
    """Products whose code or name holds the words; of a version typed beside them, the product."""
    query = searching.understood(wanted)
    return [shelf for shelf in _shelves(session) if searching.named([shelf.product], query)]


def _product_entry(session: Session, found: Product) -> dict[str, object]:
    published = releases.of_product(session, found.id)
    channels = {}
    for channel in Channel:
        current = releases.current(published, channel)
        if current is not None:
            offer = offering.offered(current)
            channels[str(channel)] = {
                "version": offer.version,
                "file": offer.file_name,
                "url": offer.path,
                "size": offer.size,
                "sha256": offer.sha256,
            }
    withdrawn = [
        {
            "version": release.version,
            "reason": release.withdrawn_reason,
            "replacement": release.replacement,
        }
        for release in published
        if release.is_withdrawn
    ]
    return {
        "product": found.code,
        "channels": channels,
        "withdrawn": withdrawn,
        "software": [
            {
                "title_ru": item.title_ru,
                "title_en": item.title_en,
                "version": item.version,
                "file": item.file_name,
                "url": programs.address(item),
                "size": item.size,
                "sha256": item.sha256,
            }
            for item in programs.of_product(session, found.id)
            if not item.is_withdrawn
        ],
        "sales_end": _iso(found.sales_end),
        "support_end": _iso(found.support_end),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


@dataclass(frozen=True)
class FleetShare:
    """How many devices of a product run a version."""

    code: str
    firmware: str | None
    devices: int


def _fleet(session: Session) -> list[FleetShare]:
    rows = session.execute(
        select(Product.code, Device.firmware, func.count())
        .join(Device, Device.product_id == Product.id)
        .group_by(Product.code, Device.firmware)
        .order_by(Product.code, Device.firmware.desc())
    )
    return [FleetShare(code, version, count) for code, version, count in rows]


def _fetches(session: Session, instant: datetime) -> int:
    """Check-ins of the last 24 hours."""
    recent = (
        select(func.count()).select_from(CheckIn).where(CheckIn.at > instant - timedelta(days=1))
    )
    return session.scalar(recent) or 0
