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


@staff.get("/<code>")
@staff_rule
def product(code: str) -> str:
    """One product: its revisions, and until when it is sold and supported."""
    return _product_page(code, None)


@staff.post("/<code>")
@roles(Role.PUBLISHER)
def set_lifecycle(code: str) -> Response | tuple[str, int]:
    """Store when sales and support end."""
    form = request.form
    try:
        dates = products.Lifecycle(
            products.day(form.get("sales_end", "")), products.day(form.get("support_end", ""))
        )
        with writing() as session:
            products.set_lifecycle(session, code, dates, actor=acting().login, now=now())
    except products.UnknownProductError:
        raise
    except RefusedError as error:
        return _product_page(code, error), 422
    flash(_("The dates of %(code)s are stored.", code=code))
    return redirect(url_for(".product", code=code))


def _product_page(code: str, error: RefusedError | None) -> str:
    with reading() as session:
        found = products.get(session, code)
    stored = {"sales_end": found.sales_end, "support_end": found.support_end}
    return render_template(
        "catalogue/product.html",
        product=found,
        typed=request.form if error else stored,
        error=error,
    )


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
