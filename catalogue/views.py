"""Staff pages: products."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import products
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import reading, writing

SILHOUETTES = ("desk", "screen", "keys", "conference")

staff = Blueprint(
    "catalogue_staff", __name__, url_prefix="/staff/products", template_folder="templates"
)


@staff.get("/", endpoint="products")
@staff_rule
def list_products() -> str:
    """Every product."""
    return _page({}, None)


@staff.post("/")
@roles(Role.PUBLISHER)
def add_product() -> Response | tuple[str, int]:
    """Add a product from the form; what was typed stays when it is refused."""
    form = request.form
    new = products.NewProduct(
        code=form.get("code", "").strip(),
        name_ru=form.get("name_ru", "").strip(),
        name_en=form.get("name_en", "").strip(),
        hardware=tuple(form.get("hardware", "A").replace(",", " ").split()),
        silhouette=form.get("silhouette", SILHOUETTES[0]),
    )
    try:
        with writing() as session:
            products.add(session, new, actor=acting().login, now=now())
    except RefusedError as error:
        return _page(form, error), 422
    flash(_("Product %(code)s was added.", code=new.code))
    return redirect(url_for(".products"))


def _page(typed: object, error: RefusedError | None) -> str:
    with reading() as session:
        found = products.every(session)
    return render_template(
        "catalogue/products.html",
        products=found,
        typed=typed,
        error=error,
        silhouettes=SILHOUETTES,
    )
