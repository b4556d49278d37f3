"""Commands: product."""

import click

from catalogue import products
from catalogue.models import Product
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"


@click.group()
def product() -> None:
    """Products: what firmware and documents are for."""


@product.command("add")
@click.argument("code")
@click.option("--name-ru", required=True, help="Name in Russian.")
@click.option("--name-en", required=True, help="Name in English.")
@click.option("--hw", "hardware", multiple=True, help="A hardware revision; may repeat.")
@click.option("--silhouette", default="desk", show_default=True, help="The drawing on pages.")
@pass_installation
def add_product(
    installation: Installation,
    code: str,
    name_ru: str,
    name_en: str,
    hardware: tuple[str, ...],
    silhouette: str,
) -> None:
    """Add the product CODE, e.g. FP-B2."""
    new = products.NewProduct(code, name_ru, name_en, hardware or ("A",), silhouette=silhouette)
    with installation.database.writing() as session:
        products.add(session, new, actor=ACTOR, now=now())
    say(f"Product {code} was added.")


@product.command("list")
@json_option
@pass_installation
def list_products(installation: Installation, as_json: bool) -> None:
    """All products."""
    with installation.database.reading() as session:
        rows = [_row(found) for found in products.every(session)]
    show_rows(rows, ("code", "name_ru", "name_en", "hardware"), as_json=as_json)


@product.command("show")
@click.argument("code")
@json_option
@pass_installation
def show_product(installation: Installation, code: str, as_json: bool) -> None:
    """One product."""
    with installation.database.reading() as session:
        row = _row(products.get(session, code))
    show_one(row, as_json=as_json)


@product.command("lifecycle")
@click.argument("code")
@click.option("--sales-end", help="The last day it is sold, like 2027-12-31; '' for none.")
@click.option("--support-end", help="The last day it is supported; '' for none.")
@json_option
@pass_installation
def set_lifecycle(
    installation: Installation,
    code: str,
    sales_end: str | None,
    support_end: str | None,
    as_json: bool,
) -> None:
    """Say until when a product is sold and supported; what is not named stays."""
    with installation.database.writing() as session:
        old = products.get(session, code)
        dates = products.Lifecycle(
            old.sales_end if sales_end is None else products.day(sales_end),
            old.support_end if support_end is None else products.day(support_end),
        )
        found = products.set_lifecycle(session, code, dates, actor=ACTOR, now=now())
        row = _row(found)
    show_one(row, as_json=as_json)


def _row(found: Product) -> dict[str, object]:
    return {
        "code": found.code,
        "name_ru": found.name_ru,
        "name_en": found.name_en,
        "hardware": list(found.revisions),
        "sales_end": found.sales_end,
        "support_end": found.support_end,
    }


COMMANDS = (product,)
