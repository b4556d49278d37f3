"""Staff page: how often each release was downloaded."""

from datetime import timedelta

from flask import Blueprint, render_template, request
from flask_babel import ngettext

from accounts.access import staff as staff_rule
from catalogue import products
from firmware import columns
from firmware.downloads import statistics
from storage.clock import now
from storage.request import reading

PERIODS = (7, 30, 90)
CHARTS = 6

staff = Blueprint(
    "firmware_statistics", __name__, url_prefix="/staff/releases", template_folder="templates"
)


@staff.get("/statistics", endpoint="statistics")
@staff_rule
def show() -> str:
    """Downloads of one product per day and version, drawn and as a table."""
    wanted = request.args.get("days", "")
    days = int(wanted) if wanted in map(str, PERIODS) else PERIODS[1]
    today = now().date()
    with reading() as session:
        known = products.every(session)
        asked = request.args.get("product", "")
        product = products.get(session, asked) if asked else next(iter(known), None)
        since = today - timedelta(days=days - 1)
        rows = statistics.of_product(session, product.code, since) if product else []
    found = statistics.series(rows, today, days)
    highest = max(count for _day, count in found[0].days)
    return render_template(
        "downloads/statistics.html",
        product_options=[(p.code, p.code) for p in known],
        product=product,
        days=days,
        period_options=[
            (period, ngettext("%(num)s day", "%(num)s days", period)) for period in PERIODS
        ],
        charts=[
            (shown, columns.chart([count for _day, count in shown.days], highest))
            for shown in found[:CHARTS]
        ],
        total=found[0].total,
        table=statistics.by_day(rows),
    )
