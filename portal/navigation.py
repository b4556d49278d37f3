"""Where people go from every page: the site's line, and two more for staff.

Staff choose what they look after, then its page; a group's address is that of its first page,
so the menu works without a script. A new staff page of the top level is one line in ``STAFF``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flask import current_app, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from accounts.access import current_actor, rule_of


@dataclass(frozen=True)
class Place:
    """A page of the menu; ``within`` are addresses below which it is current besides its own."""

    label: LazyString
    endpoint: str
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class NavigationItem:
    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class StaffMenu:
    """The groups, and the pages of the group in which the reader is."""

    groups: Sequence[NavigationItem]
    pages: Sequence[NavigationItem]


SITE: Final = (
    Place(_("Downloads"), "portal.downloads"),
    Place(_("Documents"), "docs_store.search"),
    Place(_("Warranty"), "support.warranty_check"),
    Place(_("Support"), "support_requests.new_request", within=("/support/",)),
    Place(_("Repair"), "repairs.new_act", within=("/repair/",)),
    Place(_("My account"), "customers.home"),
)

STAFF: Final[tuple[tuple[LazyString, tuple[Place, ...]], ...]] = (
    (_("Overview"), (Place(_("Overview"), "portal_staff.home"),)),
    (
        _("Fleet"),
        (
            Place(_("Devices"), "provision_staff.devices", within=("/staff/resyncs/",)),
            Place(_("Unknown phones"), "newcomers.newcomers"),
            Place(_("Need attention"), "stuck.stuck_phones"),
            Place(_("Rollouts"), "rollouts.rollouts_page"),
            Place(_("Sweeps"), "sweeps.sweeps_page"),
            Place(_("Profiles"), "profile_pages.profiles_page"),
            Place(_("Families"), "phone_families.families"),
            Place(_("Fixes"), "diagnosis.fixes"),
            Place(_("Collectors"), "collectors.collectors"),
            Place(_("Claims"), "redirects.claims_page"),
        ),
    ),
    (
        _("Publishing"),
        (
            Place(_("Releases"), "firmware_staff.releases"),
            Place(_("Software"), "software_staff.software"),
            Place(_("Documents"), "docs_store_staff.documents"),
            Place(_("Products"), "catalogue_staff.products"),
            Place(_("Keys"), "catalogue_keys.keys_page"),
            Place(_("Mirror"), "catalogue_mirror.mirror_page"),
        ),
    ),
    (
        _("Service"),
        (
            Place(
                _("Requests"), "requests_queue.requests_queue", within=("/staff/ready-answers/",)
            ),
            Place(_("Letters"), "letters.letters_page"),
            Place(_("Contracts"), "support_contracts.contracts_page"),
            Place(_("Supply"), "supply_contracts.contracts_page"),
            Place(_("Data requests"), "subject_requests.requests_page"),
            Place(_("Repairs"), "repair_board.board_page"),
            Place(_("Loaners"), "loaners.pool_page"),
            Place(
                _("Certificates"),
                "support_certificates.certificate_list",
                within=(
                    "/staff/warranty/",
                    "/staff/certificate-orders/",
                    "/staff/certificate-prices/",
                ),
            ),
            Place(_("Calendar"), "calendars.calendar_page"),
            Place(_("Reports"), "reports.overview"),
        ),
    ),
    (
        _("System"),
        (
            Place(_("Jobs"), "portal_staff.jobs"),
            Place(_("Storage"), "blob_care.storage_page"),
            Place(_("Health"), "doctor.health_page"),
            Place(_("Users"), "accounts.list_users"),
            Place(_("Organisations"), "organisations.organisations_page"),
            Place(_("Service centres"), "service_centres.centres_page"),
            Place(_("Audit"), "accounts.list_audit"),
            Place(_("Personal data"), "personal_data.register_page", within=("/staff/breaches/",)),
        ),
    ),
)


def site_items() -> Sequence[NavigationItem]:
    """What everybody sees, and what only some may open."""
    return tuple(_item(place) for place in _open_to_actor(SITE))


def staff_menu() -> StaffMenu:
    """The menu for whoever is signed in, who is staff."""
    groups: list[NavigationItem] = []
    here: Sequence[NavigationItem] = ()
    for label, places in STAFF:
        pages = tuple(_item(place) for place in _open_to_actor(places))
        inside = any(page.current for page in pages)
        groups.append(NavigationItem(str(label), pages[0].url, inside))
        if inside and len(pages) > 1:
            here = pages
    return StaffMenu(tuple(groups), here)


def here(site: Sequence[NavigationItem], menu: StaffMenu | None) -> str:
    """The menu's name for the reader's place, the nearest first; empty outside the menu."""
    staff = (*menu.pages, *menu.groups) if menu else ()
    return next((item.label for item in (*staff, *site) if item.current), "")


def _open_to_actor(places: Iterable[Place]) -> list[Place]:
    """Nobody is led to a page that turns them away: the page's own rule decides."""
    actor = current_actor()
    rules = [(place, rule_of(current_app, place.endpoint)) for place in places]
    return [place for place, rule in rules if rule is not None and rule.allows(actor)]


def _item(place: Place) -> NavigationItem:
    url = url_for(place.endpoint)
    path = url.removeprefix(request.script_root)
    below = (*(() if path == "/staff/" else (path,)), *place.within)
    return NavigationItem(
        str(place.label), url, request.path == path or request.path.startswith(below)
    )
