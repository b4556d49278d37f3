"""REST: devices, for programs."""

from datetime import datetime

from flask import Response
from flask_openapi3 import Tag
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from accounts.access import staff
from provision.devices import listing, registry
from provision.devices.listing import DeviceFilter
from provision.devices.summary import DeviceSummary
from provision.dialects import families_of
from provision.verdicts import gathering
from storage.request import installation, reading

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

api = APIBlueprint(
    "provision_api",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="devices", description="Phones and what they run")],
    abp_security=[{"token": []}],
)


class DeviceQuery(BaseModel):
    cursor: str = Field("", max_length=12, description="`next` of the page before")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Items a page, 200 at most")
    q: str = Field(
        "",
        max_length=64,
        description="Part of a MAC, serial, firmware, address or site; among more than 20,000"
        " devices its beginning, or four or more last characters of a MAC or serial",
    )
    product: str = Field("", max_length=32, description="Product code, e.g. FP-B2")
    site: str = Field("", max_length=200, description="Name of a site")


class DevicePath(BaseModel):
    mac: str = Field(max_length=40, description="MAC address in any spelling")


class DeviceItem(BaseModel):
    mac: str = Field(description="12 lower-case hex digits")
    serial: str | None
    product: str = Field(description="Product code")
    hardware: str | None = Field(description="Hardware revision")
    site: str | None
    organisation: str | None
    group: str = Field(description="Group of a rollout; empty for none")
    firmware: str | None = Field(description="Last application version that the phone itself told")
    firmware_seen_at: datetime | None = Field(description="UTC")
    first_seen_at: datetime | None = Field(description="UTC")
    last_check_in: datetime | None = Field(description="UTC; the last proved one")
    address: str | None = Field(description="Where it was last seen")
    channel: str = Field(description="testing or stable")
    pinned_version: str | None = Field(description="The version it is kept at")


class EvidenceItem(BaseModel):
    ru: str
    en: str
    origin: str = Field(description="check-in, snmp, http, ssh, sweep or paper")
    strength: str = Field(description="claimed, read, proved or certified")
    at: str | None = Field(description="UTC; the day alone for a paper")


class JudgementItem(BaseModel):
    verdict: str = Field(description="match, mac-mismatch, serial-clone, unknown-serial, …")
    strength: str = Field(description="claimed, read, proved or certified")
    other_mac: str | None = Field(description="The MAC that told this unit's serial")
    explained_by: str | None = Field(description="The repair that accounts for it")
    evidence: list[EvidenceItem]


class DeviceIdentity(BaseModel):
    mac: str = Field(description="12 lower-case hex digits")
    judgements: list[JudgementItem] = Field(description="The gravest first; none of them a right")


class DevicePage(BaseModel):
    items: list[DeviceItem] = Field(description="By MAC")
    next: str | None = Field(description="Cursor of the next page; null on the last one")


@api.get("/devices", responses={200: DevicePage})
@staff
def list_devices(query: DeviceQuery) -> Response:
    """All devices by MAC, or those that fit the filters."""
    wanted = DeviceFilter(text=query.q, product=query.product, site=query.site)
    with reading() as session:
        found = listing.after(session, wanted, limit=query.limit + 1, mac=query.cursor)
    shown = found[: query.limit]
    following = shown[-1].mac if len(found) > query.limit else None
    return _json(DevicePage(items=[_item(device) for device in shown], next=following))


@api.get("/devices/<mac>", responses={200: DeviceItem})
@staff
def get_device(path: DevicePath) -> Response:
    """One device."""
    with reading() as session:
        device = DeviceSummary.of(registry.get(session, path.mac))
    return _json(_item(device))


@api.get("/devices/<mac>/identity", responses={200: DeviceIdentity})
@staff
def get_identity(path: DevicePath) -> Response:
    """Whether a device is the unit on record: each verdict with its evidence and strength."""
    with reading() as session:
        device = registry.get(session, path.mac)
        found = gathering.of_device(session, device, families_of(installation()))
        mac = device.mac
    records = [JudgementItem.model_validate(one.as_record()) for one in found]
    return _json(DeviceIdentity(mac=mac, judgements=records))


def _item(device: DeviceSummary) -> DeviceItem:
    return DeviceItem(
        mac=device.mac,
        serial=device.serial,
        product=device.product_code,
        hardware=device.hardware,
        site=device.site,
        organisation=device.organisation,
        group=device.group,
        firmware=device.firmware,
        firmware_seen_at=device.firmware_seen_at,
        first_seen_at=device.first_seen_at,
        last_check_in=device.last_check_in_at,
        address=device.address,
        channel=device.channel,
        pinned_version=device.pinned_version,
    )


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), mimetype="application/json")
