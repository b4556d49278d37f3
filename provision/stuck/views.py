"""The staff's page of phones that need somebody."""

from collections.abc import Mapping
from math import ceil

from flask import Blueprint, render_template, request

from accounts.access import staff as staff_rule
from provision.devices import listing
from provision.stuck import finding, words
from provision.stuck.troubles import Patience, Trouble
from storage.clock import now
from storage.request import reading

PAGE_SIZE = 50
PAGES_MAX = 1_000_000

staff = Blueprint("stuck", __name__, url_prefix="/staff/attention", template_folder="templates")


@staff.get("/")
@staff_rule
def stuck_phones() -> str:
    """Which phones need somebody, why, and what to do."""
    patience, at, site = Patience(), now(), request.args.get("site", "").strip()[:200]
    page = min(max(request.args.get("page", 1, type=int), 1), PAGES_MAX)
    with reading() as session:
        counts = finding.counts(session, patience, at, site)
        chosen = _chosen(request.args.get("trouble", ""), counts)
        offset = (page - 1) * PAGE_SIZE
        found = finding.phones(
            session, chosen, patience, at, site=site, limit=PAGE_SIZE, offset=offset
        )
        sites = listing.site_names(session)
    return render_template(
        "stuck/list.html",
        counts=counts,
        chosen=chosen,
        phones=found,
        words=words.words(),
        at_site=site,
        sites=sites,
        page=page,
        pages=max(ceil(counts[chosen] / PAGE_SIZE), 1),
    )


def _chosen(text: str, counts: Mapping[Trouble, int]) -> Trouble:
    """The trouble that the address names, else the most pressing one that there is."""
    if text in set(Trouble):
        return Trouble(text)
    return next((trouble for trouble in Trouble if counts[trouble]), Trouble.REFUSED)
