"""REST: claims of partners, for their programs."""

from datetime import datetime

from flask import Response
from flask_openapi3 import Tag
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from accounts import stored_answers
from accounts.access import STAFF_ROLES, AccessRule, acting, roles
from accounts.models import Role
from provision.redirects import filing, listing
from provision.redirects.filing import NewClaim, NotClaimableError
from provision.redirects.listing import ClaimSummary
from storage.clock import now
from storage.request import installation, reading, writing

PARTNERS = roles(Role.PARTNER)
READERS = AccessRule("partner or staff", frozenset({Role.PARTNER, *STAFF_ROLES}))

api = APIBlueprint(
    "redirects_api",
    __name__,
    url_prefix="/api/v1/claims",
    abp_tags=[Tag(name="claims", description="Phones that a partner's server looks after")],
    abp_security=[{"token": []}],
)


class ClaimForm(BaseModel):
    unit: str = Field(max_length=64, description="Serial number or MAC, in any spelling")
    code: str = Field(max_length=64, description="The code from the box")
    url: str = Field(
        max_length=250, description="https:// address for the phone; {mac} stands for its MAC"
    )


class ClaimPath(BaseModel):
    number: int = Field(ge=1, lt=2**31, description="`id` of a claim")


class ClaimItem(BaseModel):
    id: int
    mac: str = Field(description="12 lower-case hex digits")
    serial: str | None
    product: str = Field(description="Product code")
    partner: str
    url: str
    state: str = Field(description="waiting, approved, refused, withdrawn, revoked or expired")
    filed_at: datetime = Field(description="UTC")
    ends_at: datetime = Field(description="UTC; of a waiting one: until when it may be decided")
    decided_at: datetime | None = Field(description="UTC")
    reason: str = Field(description="Why it was refused or revoked")


class ClaimList(BaseModel):
    items: list[ClaimItem] = Field(description="The latest first, 200 at most")


@api.get("", responses={200: ClaimList})
@READERS
def list_claims() -> Response:
    """A partner's own claims; for staff those that await a decision, then all others."""
    at, who = now(), acting()
    with reading() as session:
        if who.is_staff:
            found = [*listing.waiting(session, at), *listing.decided(session, at)]
        else:
            found = list(listing.of_partner(session, who.organisation_id or 0, at))
    return _json(ClaimList(items=[_item(one) for one in found]), 200)


@api.post("", responses={201: ClaimItem})
@PARTNERS
def file_claim(body: ClaimForm) -> Response:
    """Claim a phone; staff decide. Every unfitting number and code gets the same refusal."""
    at, who = now(), acting()
    try:
        with writing() as session:
            before = stored_answers.given(session, who.login, at)
            if before is not None:
                return before
            new = NewClaim(body.unit, body.code, body.url)
            claim = filing.file(session, installation(), new, who, at)
            said = _item(ClaimSummary.of(claim, at)).model_dump_json()
            return stored_answers.keep(session, who.login, said, 201, at)
    except NotClaimableError:
        with writing() as session:
            filing.note_wrong_try(session, who, at)
        raise


@api.post("/<int:number>/withdraw", responses={200: ClaimItem})
@PARTNERS
def withdraw_claim(path: ClaimPath) -> Response:
    """Take a claim back, or let a phone go: its next first contact leads here again."""
    at = now()
    with writing() as session:
        claim = filing.withdraw(session, path.number, acting(), at)
        item = _item(ClaimSummary.of(claim, at))
    return _json(item, 200)


def _item(one: ClaimSummary) -> ClaimItem:
    return ClaimItem(
        id=one.id,
        mac=one.mac,
        serial=one.serial,
        product=one.product,
        partner=one.partner,
        url=one.server_url,
        state=one.state.value,
        filed_at=one.filed_at,
        ends_at=one.ends_at,
        decided_at=one.decided_at,
        reason=one.reason,
    )


def _json(model: BaseModel, status: int) -> Response:
    return Response(model.model_dump_json(), status, mimetype="application/json")
