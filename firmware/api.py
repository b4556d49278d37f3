"""REST: products and their releases, for programs."""

from datetime import datetime

from flask import Response
from flask_openapi3 import Tag
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy import select

from accounts.access import signed_in
from catalogue import products
from catalogue.models import Product
from firmware import offering, releases
from firmware.models import Release
from storage.request import reading

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

api = APIBlueprint(
    "firmware_api",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="catalogue", description="Products and firmware releases")],
    abp_security=[{"token": []}],
)


class Page(BaseModel):
    cursor: str = Field("", max_length=64, description="`next` of the page before")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Items a page, 200 at most")


class ProductPath(BaseModel):
    code: str = Field(max_length=64, description="Product code, e.g. FP-B2")


class ProductItem(BaseModel):
    code: str
    name_ru: str
    name_en: str
    hardware: list[str] = Field(description="Hardware revisions")


class ProductPage(BaseModel):
    items: list[ProductItem]
    next: str | None = Field(description="Cursor of the next page; null on the last one")


class ReleaseItem(BaseModel):
    version: str
    state: str = Field(description="awaiting (signatures), published or withdrawn")
    channels: list[str]
    hardware: list[str]
    min_from: str | None = Field(description="Phones below this version take another step first")
    url: str = Field(description="Path-absolute; names the bytes")
    size: int = Field(description="Bytes")
    sha256: str = Field(description="64 lower-case hex digits")
    published_at: datetime = Field(description="UTC")
    withdrawn_reason: str | None
    replacement: str | None = Field(description="The version to take instead of a withdrawn one")


class ReleaseList(BaseModel):
    items: list[ReleaseItem] = Field(description="The highest version first")


@api.get("/products", responses={200: ProductPage})
@signed_in
def list_products(query: Page) -> Response:
    """All products by code."""
    with reading() as session:
        found = session.scalars(
            select(Product)
            .where(Product.code > query.cursor)
            .order_by(Product.code)
            .limit(query.limit + 1)
        ).all()
    shown = found[: query.limit]
    following = shown[-1].code if len(found) > query.limit else None
    return _json(ProductPage(items=[_product(product) for product in shown], next=following))


@api.get("/products/<code>/releases", responses={200: ReleaseList})
@signed_in
def list_releases(path: ProductPath) -> Response:
    """All releases of a product."""
    with reading() as session:
        product = products.get(session, path.code)
        found = releases.with_awaiting(session, product.id)
    return _json(ReleaseList(items=[release_item(release) for release in found]))


def _product(product: Product) -> ProductItem:
    return ProductItem(
        code=product.code,
        name_ru=product.name_ru,
        name_en=product.name_en,
        hardware=list(product.revisions),
    )


def release_item(release: Release) -> ReleaseItem:
    """A release as the API tells of it."""
    return ReleaseItem(
        version=release.version,
        state=release.state,
        channels=sorted(release.channel_names),
        hardware=release.artifact.hardware,
        min_from=release.min_from,
        url=offering.offered(release).path,
        size=release.artifact.size,
        sha256=release.artifact.sha256,
        published_at=release.published_at,
        withdrawn_reason=release.withdrawn_reason or None,
        replacement=release.replacement,
    )


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), mimetype="application/json")
