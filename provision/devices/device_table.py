"""The list of devices as its page shows it: what the address asks for, and the heads that sort."""

from collections.abc import Sequence

from flask import request, url_for
from flask_babel import gettext as _

from provision.devices.listing import DeviceFilter

PAGES_MAX = 1_000_000


def wanted() -> DeviceFilter:
    """What the address of the page asks for."""
    arguments = request.args
    return DeviceFilter(
        text=arguments.get("q", "").strip(),
        product=arguments.get("product", ""),
        site=arguments.get("site", ""),
        sort=arguments.get("sort", "mac"),
        descending=arguments.get("order") == "desc",
    )


def page_number() -> int:
    """The page asked for; nonsense is the first one, and no list has a millionth."""
    return min(max(request.args.get("page", 1, type=int), 1), PAGES_MAX)


def columns(shown: DeviceFilter) -> Sequence[tuple[str, str, str, str]]:
    """The table's heads: label, kind, the address that sorts by it, and how it is sorted now."""
    names = (
        ("mac", _("MAC")),
        ("serial", _("Serial number")),
        ("product", _("Product")),
        ("hardware", _("Hardware")),
        ("firmware", _("Firmware")),
        ("site", _("Site")),
        ("last_check_in", _("Last check-in")),
    )
    return [(label, "", _sorted_by(shown, name), _order(shown, name)) for name, label in names]


def _sorted_by(shown: DeviceFilter, name: str) -> str:
    """The address of this view sorted by a column, the other way round when it is already."""
    turn = shown.sort == name and not shown.descending
    return url_for(
        "provision_staff.devices",
        q=shown.text or None,
        product=shown.product or None,
        site=shown.site or None,
        sort=name,
        order="desc" if turn else None,
    )


def _order(shown: DeviceFilter, name: str) -> str:
    if shown.sort != name:
        return ""
    return "descending" if shown.descending else "ascending"
