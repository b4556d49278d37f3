"""Puts the planes together: people and staff in one app, phones in another."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask import Blueprint, Flask, request, url_for
from flask_openapi3 import Info, OpenAPI
from flask_openapi3.blueprint import APIBlueprint

import accounts.organisation_views
import accounts.views
import catalogue.download_api
import catalogue.metadata_api
import catalogue.mirrors.views
import catalogue.signing.views
import catalogue.views
import docs_store.views
import firmware.api
import firmware.download_api
import firmware.downloads.views
import firmware.release_api
import firmware.reviewing.views
import firmware.software.views
import firmware.upload_api
import firmware.version_marks.views
import firmware.views
import portal.blob_care.views
import portal.doctor.views
import portal.feeds.views
import portal.personal_data.due_views
import portal.personal_data.public_views
import portal.personal_data.views
import portal.personal_data.word_views
import portal.search_box.views
import provision.api
import provision.collectors.api
import provision.collectors.views
import provision.diagnosis.views
import provision.dialect_pages.views
import provision.enrolment.views
import provision.labels.views
import provision.newcomers.views
import provision.phone_api
import provision.phone_fetches.phone_plane
import provision.phone_logs.views
import provision.profile_pages.views
import provision.reading.reading_api
import provision.reading.reading_views
import provision.redirects.api
import provision.redirects.views
import provision.resyncs.views
import provision.rollouts.views
import provision.ssh_keys.views
import provision.stuck.views
import provision.sweeps.views
import provision.verdicts.views
import provision.views
import support.agreements.views
import support.bench.page
import support.bench.views
import support.breaches.views
import support.calendar_pages.views
import support.certificate_orders.price_views
import support.certificate_orders.views
import support.certificate_views
import support.customers.cabinet
import support.customers.claim_views
import support.customers.report_views
import support.customers.views
import support.loaners.views
import support.repairs.board_views
import support.repairs.consent_views
import support.repairs.form_views
import support.repairs.public_pages
import support.repairs.views
import support.reports.behind_views
import support.reports.views
import support.requests.answer_views
import support.requests.desk_views
import support.requests.mail_views
import support.requests.public_views
import support.requests.queue_views
import support.rule_views
import support.service_centres.views
import support.subject_requests.views
import support.supply_contracts.views
import support.views
from accounts import access, identification
from accounts.access import current_actor
from firmware.downloads import watch
from portal import (
    api_docs,
    assets,
    errors,
    health,
    host_header,
    kept_forms,
    languages,
    metrics,
    navigation,
    proxies,
    request_log,
    security,
    untyped_input,
)
from portal import views as portal_views
from portal.navigation import NavigationItem, StaffMenu
from portal.settings import Settings
from storage import request as request_seam
from storage.installation import Installation


class Plane(StrEnum):
    PUBLIC = "public"
    STAFF = "staff"
    PHONES = "phones"


PAGES = frozenset({Plane.PUBLIC, Plane.STAFF})

BLUEPRINTS: dict[Plane, tuple[Blueprint, ...]] = {
    Plane.PUBLIC: (
        health.blueprint,
        metrics.blueprint,
        portal_views.public,
        portal.search_box.views.public,
        portal.personal_data.public_views.public,
        portal.feeds.views.blueprint,
        accounts.views.blueprint,
        kept_forms.blueprint,
        catalogue.download_api.blueprint,
        catalogue.metadata_api.blueprint,
        firmware.download_api.blueprint,
        firmware.software.views.public,
        docs_store.views.public,
        support.certificate_orders.views.public,
        support.repairs.consent_views.public,
        support.repairs.public_pages.public,
        support.rule_views.public,
        support.requests.public_views.public,
        support.customers.claim_views.public,
        support.customers.cabinet.public,
        support.views.public,
    ),
    Plane.STAFF: (
        portal_views.staff,
        accounts.organisation_views.blueprint,
        portal.blob_care.views.staff,
        portal.doctor.views.staff,
        portal.personal_data.views.staff,
        portal.personal_data.word_views.staff,
        catalogue.views.staff,
        catalogue.signing.views.staff,
        catalogue.mirrors.views.staff,
        firmware.views.staff,
        firmware.version_marks.views.staff,
        firmware.downloads.views.staff,
        firmware.reviewing.views.blueprint,
        firmware.software.views.staff,
        docs_store.views.staff,
        provision.views.staff,
        provision.reading.reading_views.staff,
        provision.verdicts.views.staff,
        provision.phone_logs.views.staff,
        provision.collectors.views.staff,
        provision.ssh_keys.views.staff,
        provision.diagnosis.views.staff,
        provision.enrolment.views.staff,
        provision.labels.views.staff,
        provision.newcomers.views.staff,
        provision.dialect_pages.views.staff,
        provision.profile_pages.views.staff,
        provision.redirects.views.staff,
        provision.resyncs.views.staff,
        provision.rollouts.views.staff,
        provision.stuck.views.staff,
        provision.sweeps.views.staff,
        support.calendar_pages.views.staff,
        support.requests.queue_views.staff,
        support.requests.answer_views.staff,
        support.requests.desk_views.staff,
        support.requests.mail_views.staff,
        support.certificate_orders.price_views.staff,
        support.certificate_orders.views.staff,
        support.certificate_views.staff,
        support.loaners.views.staff,
        support.repairs.board_views.staff,
        support.bench.page.staff,
        support.reports.views.staff,
        support.subject_requests.views.staff,
        support.agreements.views.staff,
        support.service_centres.views.staff,
        support.supply_contracts.views.staff,
        support.breaches.views.staff,
        support.views.staff,
    ),
    Plane.PHONES: (
        health.blueprint,
        metrics.blueprint,
        provision.phone_api.blueprint,
        catalogue.download_api.blueprint,
        firmware.download_api.blueprint,
    ),
}
APIS: tuple[APIBlueprint, ...] = (
    firmware.api.api,
    firmware.release_api.api,
    firmware.upload_api.api,
    provision.api.api,
    provision.reading.reading_api.api,
    provision.collectors.api.api,
    provision.redirects.api.api,
)


@dataclass(frozen=True)
class SiteFrame:
    """What base.html needs on every page."""

    navigation: Sequence[NavigationItem]
    staff_menu: StaffMenu | None
    here: str
    other_language_url: str
    login_url: str
    logout_url: str


def create_app(
    installation: Installation, settings: Settings, planes: Collection[Plane] = PAGES
) -> Flask:
    """The app for these planes; phones never share one with pages."""
    if Plane.PHONES in planes:
        return _phone_app(installation, settings)
    app = OpenAPI(
        "portal",
        info=Info(title="FLAT-PRO", version="1"),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        static_folder=None,
        doc_ui=False,
        validation_error_callback=api_docs.validation_problem,
    )
    app.secret_key = installation.secret_key
    _floor(app, installation, settings, tells_request_id=True)
    request_seam.let_others_send(app)
    watch.init_app(app, phones=False)
    languages.init_app(app, pages=True)
    errors.init_pages(app)
    kept_forms.init_app(app)
    assets.init_app(app)
    identification.init_app(app)
    access.enforce(app)
    security.init_app(app, secure_cookie=settings.public_address.startswith("https://"))
    untyped_input.refuse_nul_in_forms(app)
    for plane in (Plane.PUBLIC, Plane.STAFF):
        if plane in planes:
            for blueprint in BLUEPRINTS[plane]:
                app.register_blueprint(blueprint)
    if Plane.STAFF in planes:
        api_docs.describe(app, APIS)
        app.register_blueprint(api_docs.blueprint)
    _frame(app, staff=Plane.STAFF in planes)
    return app


def _phone_app(installation: Installation, settings: Settings) -> Flask:
    app = Flask("portal", static_folder=None)
    # Innermost: whoever asks through a proxy is known by the time the door sees the request.
    provision.phone_fetches.phone_plane.init_app(app, installation)
    _floor(app, installation, settings, tells_request_id=False)
    watch.init_app(app, phones=True)
    languages.init_app(app, pages=False)
    errors.init_phones(app)
    access.enforce(app)
    # A phone follows no redirect, and «//» in a path is normal for it.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for blueprint in BLUEPRINTS[Plane.PHONES]:
        app.register_blueprint(blueprint)
    return app


def _floor(
    app: Flask, installation: Installation, settings: Settings, *, tells_request_id: bool
) -> None:
    request_seam.init_app(app, installation)
    host_header.init_app(app)
    proxies.init_app(app, settings.trusted_proxies)
    request_log.init_app(app, tells_request_id=tells_request_id)
    untyped_input.refuse_bad_addresses(app)
    untyped_input.refuse_numbers_past_rows(app)


def _frame(app: Flask, *, staff: bool) -> None:
    @app.context_processor
    def _site() -> dict[str, object]:
        actor = current_actor()
        shown = staff and actor is not None and actor.is_staff
        items = navigation.site_items()
        menu = navigation.staff_menu() if shown else None
        site = SiteFrame(
            navigation=items,
            staff_menu=menu,
            here=navigation.here(items, menu),
            other_language_url=languages.other_language_url(),
            login_url=url_for("accounts.login", next=request.script_root + request.path),
            logout_url=url_for("accounts.logout"),
        )
        return {"site": site, "language": languages.current()}
