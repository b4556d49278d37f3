"""Command: how often releases were downloaded."""

from datetime import timedelta

import click

from catalogue import products
from firmware.downloads import statistics
from storage.clock import now
from storage.console import json_option, pass_installation, show_rows
from storage.installation import Installation


@click.command("statistics")
@click.argument("product")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3660))
@json_option
@pass_installation
def show(installation: Installation, product: str, days: int, as_json: bool) -> None:
    """Downloads of PRODUCT per day (UTC), version and kind of address; no addresses are kept."""
    since = now().date() - timedelta(days=days - 1)
    with installation.database.reading() as session:
        code = products.get(session, product).code
        found = statistics.of_product(session, code, since)
    rows = [
        {
            "day": row.day,
            "product": row.product,
            "version": row.version,
            "kind": row.kind,
            "downloads": row.downloads,
        }
        for row in found
    ]
    show_rows(rows, ("day", "version", "kind", "downloads"), as_json=as_json)


COMMANDS = (show,)
