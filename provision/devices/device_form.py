"""The form by which people add one device."""

from collections.abc import Mapping

from flask import render_template, request
from sqlalchemy import select

from accounts.models import Site
from catalogue import products
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.registry import NewDevice
from storage.answer_language import answer_language
from storage.refusals import RefusedError
from storage.request import reading


def page(typed: Mapping[str, str], error: RefusedError | None) -> str:
    """The form with what was typed, and why it was refused."""
    with reading() as session:
        known = products.every(session)
        sites = session.scalars(select(Site.name).order_by(Site.name)).all()
    return render_template(
        "provision/new_device.html",
        product_options=[(product.code, product.name(answer_language())) for product in known],
        site_options=[("", "—"), *((name, name) for name in sites)],
        typed=typed,
        error=error,
    )


def sent() -> NewDevice:
    """The form as a new device; raises BadMacError or BadSerialError."""
    form = {name: value.strip() for name, value in request.form.items()}
    return NewDevice(
        mac=MacAddress.parse(form.get("mac", "")),
        product=form.get("product", ""),
        serial=SerialNumber.parse(form["serial"]) if form.get("serial") else None,
        hardware=form.get("hardware", "").upper() or None,
        site=form.get("site") or None,
        group=form.get("group", "")[:64],
    )
