"""Where the front page's box leads: to a version, a product, a serial's warranty, else to texts."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from accounts.access import anyone
from catalogue import products
from firmware import releases
from firmware.models import Channel, Release
from portal.search_box import searching
from storage.request import reading

public = Blueprint("portal_search", __name__)


@public.get("/search")
@anyone
def search() -> Response | str:
    """One thing that fits is opened at once; several are listed."""
    wanted = request.args.get("q", "").strip()
    query = searching.understood(wanted)
    with reading() as session:
        named = searching.named(products.every(session), query)
        if query.version and (named or not query.words):
            found = releases.of_version(session, query.version)
            near = [one for one in found if not named or one.product in named]
            meant = [one for one in near if one.canonical == query.version.canonical] or near
            if named or meant:
                return _releases_found(wanted, meant)
    if len(named) == 1:
        return redirect(url_for("portal.product", code=named[0].code))
    if named or not wanted:
        return redirect(url_for("portal.downloads", q=wanted))
    if searching.like_a_serial(wanted):
        return redirect(url_for("support.warranty_check", serial=wanted))
    return redirect(url_for("docs_store.search", q=wanted))


def _releases_found(wanted: str, meant: list[Release]) -> Response | str:
    if len(meant) == 1 and _is_on_its_page(meant[0]):
        one = meant[0]
        anchor = f"version-{one.version}"
        return redirect(url_for("portal.product", code=one.product.code, _anchor=anchor))
    return render_template("releases_found.html", wanted=wanted, found=meant)


def _is_on_its_page(release: Release) -> bool:
    """A product's page shows what is, or was, for everybody: not what is being tried out."""
    return Channel.STABLE in release.channel_names or release.is_withdrawn
