"""Pages: the published rules, the packages, how to reach us; each can reckon one's own date."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, render_template, request
from flask_babel import get_locale

from accounts.access import anyone
from storage.clock import MOSCOW, now
from storage.refusals import RefusedError
from storage.request import installation, reading
from support import business_time, rulebook
from support.calendars import keeping
from support.civil_dates import add_months
from support.claims import ClaimPolicy, ClaimWindow, claim_window
from support.packages.own import packages_of
from support.packages.package import Package, Priority, Promise, deadline
from support.repair_term import RepairPolicy, RepairTerm, repair_term
from support.service_centres import register
from support.service_centres.choosing import VENDOR, centre_for
from support.warranty_terms.terms import TermPolicy
from support.work_calendar import WorkCalendar

#: What a page reckons with; the far ends of the calendar have no time zone.
_YEARS = range(2000, 2101)

public = Blueprint("support_rules", __name__, template_folder="templates")


class RulesDayError(RefusedError):
    code = "rules-day"
    ru = "Это не день календаря: {typed}. Нужен, например, 2026-11-22."
    en = "This is no day of the calendar: {typed}. It looks like 2026-11-22."


class RulesMomentError(RefusedError):
    code = "rules-moment"
    ru = "Это не день и час: {typed}. Нужно, например, 2026-11-20T16:00."
    en = "This is no day and hour: {typed}. It looks like 2026-11-20T16:00."


@dataclass(frozen=True)
class Deadlines:
    """What a package promises for one request; `instants` by promise, None where nothing is."""

    package: Package
    priority: Priority
    counts_from: datetime
    instants: dict[Promise, datetime | None]


@public.get("/rules/warranty")
@anyone
def warranty_rules() -> tuple[str, int]:
    """The rules of warranty; `handover` and `received` are days to reckon with."""
    calendar, error = _calendar(), None
    claims: ClaimWindow | None = None
    repair: RepairTerm | None = None
    months = installation().option(TermPolicy).months
    try:
        if handover := _day("handover"):
            claims = claim_window(add_months(handover, months), calendar, ClaimPolicy())
        if received := _day("received"):
            repair = repair_term(received, calendar, RepairPolicy())
    except RefusedError as refusal:
        error = refusal
    page = render_template(
        "support/warranty_rules.html",
        chapters=rulebook.warranty_chapters(installation().option(TermPolicy), RepairPolicy()),
        typed=request.args,
        claims=claims,
        repair=repair,
        error=error,
    )
    return page, 422 if error else 200


@public.get("/rules/support")
@anyone
def support_rules() -> str:
    """The rules of support, free and paid."""
    return render_template(
        "support/support_rules.html", chapters=rulebook.support_chapters(_calendar())
    )


@public.get("/rules/packages")
@anyone
def package_rules() -> tuple[str, int]:
    """The packages and their targets; `package`, `priority` and `at` reckon one request's."""
    packages, error, found = packages_of(installation()), None, None
    language = "en" if str(get_locale()) == "en" else "ru"
    try:
        found = _deadlines(packages)
    except RefusedError as refusal:
        error = refusal
    page = render_template(
        "support/packages.html",
        packages=packages,
        priorities=list(Priority),
        promises=list(Promise),
        typed=request.args,
        columns=[(promise.phrase.text(language), "num") for promise in Promise],
        package_options=[(package.code, package.name.text(language)) for package in packages],
        priority_options=[
            (level, f"{level} — {level.phrase.text(language)}") for level in Priority
        ],
        found=found,
        error=error,
    )
    return page, 422 if error else 200


@public.get("/contacts")
@anyone
def contacts() -> str:
    """How to reach us, whether somebody answers now, and who repairs in a region (W-11)."""
    calendar, instant = _calendar(), now()
    with reading() as session:
        centres = [one for one in register.every(session) if one.is_open]
    region = request.args.get("region", "").strip()[:100]
    return render_template(
        "support/contacts.html",
        opens=rulebook.hour(calendar.opens),
        closes=rulebook.hour(calendar.closes),
        is_open=business_time.is_open(calendar, instant),
        opening=business_time.next_opening(calendar, instant).astimezone(MOSCOW),
        closing=business_time.closing(calendar, instant).astimezone(MOSCOW),
        centres=centres,
        vendor=VENDOR,
        region=region,
        regions=sorted({name for one in centres for name in one.regions}),
        chosen=centre_for(region, centres) if region else None,
    )


def _calendar() -> WorkCalendar:
    with reading() as session:
        return keeping.current(session).calendar


def _deadlines(packages: tuple[Package, ...]) -> Deadlines | None:
    typed = request.args.get("at", "").strip()
    if not typed:
        return None
    registered = _moment(typed)
    code, level = request.args.get("package", ""), request.args.get("priority", "")
    package = next((found for found in packages if found.code == code), packages[0])
    priority = next((found for found in Priority if found == level), Priority.P2)
    calendar = _calendar()
    return Deadlines(
        package=package,
        priority=priority,
        counts_from=business_time.next_opening(calendar, registered).astimezone(MOSCOW),
        instants={
            promise: _in_moscow(deadline(package.target(priority, promise), calendar, registered))
            for promise in Promise
        },
    )


def _in_moscow(instant: datetime | None) -> datetime | None:
    return instant and instant.astimezone(MOSCOW)


def _day(field: str) -> date | None:
    typed = request.args.get(field, "").strip()
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise RulesDayError(typed=typed[:40]) from error


def _moment(typed: str) -> datetime:
    """What a browser's date-and-time field says, read as Moscow time."""
    try:
        found = datetime.fromisoformat(typed).replace(tzinfo=MOSCOW)
    except ValueError as error:
        raise RulesMomentError(typed=typed[:40]) from error
    if found.year not in _YEARS:
        raise RulesMomentError(typed=typed[:40])
    return found
