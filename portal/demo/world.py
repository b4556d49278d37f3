"""The demo's catalogue: products, releases with their notes, and documents."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from sqlalchemy.orm import Session

from accounts import users
from accounts.models import OrganisationKind, Site
from catalogue import keys, products, repository
from docs_store import publishing as documents
from firmware import publishing
from firmware.images import build_image
from storage.installation import Installation

ACTOR = "demo"
CUSTOMER = "ООО «Северный ветер»"
FILES = Path(__file__).parent / "documents"
MIB = 1024 * 1024


@dataclass(frozen=True)
class DemoRelease:
    """A release published `days_ago`; `size` is its payload in bytes."""

    product: str
    version: str
    hardware: tuple[str, ...]
    days_ago: int
    size: int
    notes_ru: str
    notes_en: str
    min_from: str | None = None
    channel: str = "stable"


@dataclass(frozen=True)
class DemoDocument:
    slug: str
    kind: str
    language: str
    version: str
    title: str
    file: str
    product: str
    applies_from: str | None = None
    applies_to: str | None = None


PRODUCTS = (
    products.NewProduct(
        "FP-B2", "Flat Phone B2", "Flat Phone B2", ("A", "B"),
        "Настольный телефон на две линии с питанием по Ethernet.",
        "A two-line desk phone powered over Ethernet.", "desk",
    ),
    products.NewProduct(
        "FP-C5", "Flat Phone C5", "Flat Phone C5", ("A",),
        "Телефон руководителя с цветным экраном и шестью клавишами быстрого набора.",
        "An executive phone with a colour screen and six speed-dial keys.", "screen",
    ),
    products.NewProduct(
        "FP-X7", "Flat Phone X7", "Flat Phone X7", ("A",),
        "Телефон секретаря с модулем на 24 клавиши.",
        "A receptionist's phone with a module of 24 keys.", "keys",
    ),
    products.NewProduct(
        "FP-R1", "Flat Phone R1", "Flat Phone R1", ("A",),
        "Конференц-телефон для переговорной на восемь человек.",
        "A conference phone for a room of eight.", "conference",
    ),
)  # fmt: skip

RELEASES = (
    DemoRelease(
        "FP-B2", "1.6.0", ("A",), 610, MIB,
        "Первый серийный выпуск.", "First release for production.",
    ),
    DemoRelease(
        "FP-B2", "1.8.3", ("A", "B"), 420, MIB,
        "Новая разметка памяти: готовит телефон к версиям 2.x.\nПоддержка ревизии B.",
        "A new layout of the storage: prepares the phone for 2.x.\nHardware revision B.",
    ),
    DemoRelease(
        "FP-B2", "2.3.0", ("A", "B"), 150, 2 * MIB,
        "Шифрование разговоров (SRTP).", "Encrypted calls (SRTP).", "1.8.3",
    ),
    DemoRelease(
        "FP-B2", "2.3.1", ("A", "B"), 141, 2 * MIB,
        "Исправлена потеря регистрации после смены адреса.\n"
        "Стабильнее питание по длинному кабелю.",
        "Registration is no longer lost when the address changes.\n"
        "Steadier power over long cables.",
        "1.8.3",
    ),
    DemoRelease(
        "FP-B2", "2.4.1", ("A", "B"), 12, 3 * MIB,
        "Эхоподавление в гулких помещениях.\n"
        "Причина последней перезагрузки видна службе поддержки.\n"
        "Исправлены три уязвимости в разборе SIP.",
        "Echo cancellation for rooms with reverberation.\n"
        "Support sees the reason of the last restart.\n"
        "Three vulnerabilities in SIP parsing are fixed.",
        "1.8.3",
    ),
    DemoRelease(
        "FP-B2", "2.5-rc1", ("A", "B"), 2, 3 * MIB,
        "Пробный выпуск: телефонная книга по LDAP.", "Trial release: LDAP phone book.",
        "1.8.3", "testing",
    ),
    DemoRelease(
        "FP-C5", "3.0.2", ("A",), 200, 2 * MIB,
        "Новый экран вызова.", "A new call screen.",
    ),
    DemoRelease(
        "FP-C5", "3.1.0", ("A",), 20, 2 * MIB,
        "Быстрый набор с наблюдением за занятостью.\nЯркость подстраивается под освещение.",
        "Speed dial that shows who is busy.\nBrightness follows the light of the room.",
    ),
    DemoRelease(
        "FP-X7", "1.2.0", ("A",), 75, MIB,
        "До 72 клавиш на трёх модулях.", "Up to 72 keys on three modules.",
    ),
    DemoRelease(
        "FP-R1", "1.0.4", ("A",), 40, MIB,
        "Сдержаннее автоматическая регулировка микрофонов.", "Calmer automatic microphone gain.",
    ),
)  # fmt: skip

DOCUMENTS = (
    DemoDocument(
        "b2-manual", "manual", "ru", "1.8", "Руководство пользователя Flat Phone B2",
        "Руководство пользователя Flat Phone B2 (до 2.3).pdf", "FP-B2", "1.6", "2.3.1",
    ),
    DemoDocument(
        "b2-manual", "manual", "ru", "2.4", "Руководство пользователя Flat Phone B2",
        "Руководство пользователя Flat Phone B2.pdf", "FP-B2", "2.4",
    ),
    DemoDocument(
        "b2-manual", "manual", "en", "2.4", "Flat Phone B2 User Manual",
        "Flat Phone B2 User Manual.pdf", "FP-B2", "2.4",
    ),
    DemoDocument(
        "c5-manual", "manual", "ru", "1.1", "Руководство пользователя Flat Phone C5",
        "Руководство пользователя Flat Phone C5.pdf", "FP-C5", "3.0",
    ),
    DemoDocument(
        "x7-quick-start", "quick_start", "ru", "1", "Быстрый старт Flat Phone X7",
        "Быстрый старт Flat Phone X7.pdf", "FP-X7",
    ),
    *(
        DemoDocument(
            "provisioning-guide", "admin_guide", "ru", "3",
            "Автонастройка Flat Phone. Руководство администратора",
            "Автонастройка Flat Phone. Руководство администратора.pdf", product.code,
        )
        for product in PRODUCTS
    ),
)  # fmt: skip


def build(installation: Installation, instant: datetime) -> None:
    """Organisations, products, releases and documents; the oldest first."""
    ring = keys.of(installation)
    with installation.database.writing() as session:
        _organisations(session)
        for product in PRODUCTS:
            products.add(session, product, actor=ACTOR, now=instant)
        repository.ensure(session, ring, instant)
    for release in RELEASES:
        _publish_release(installation, release, instant - timedelta(days=release.days_ago))
    _withdraw(installation, instant - timedelta(days=140))
    for document in DOCUMENTS:
        _publish_document(installation, document, instant)
    with installation.database.writing() as session:
        # What was signed on the days of the past releases is signed again today.
        repository.renew(session, ring, instant)


def _organisations(session: Session) -> None:
    partner = users.add_organisation(session, "Связь-Партнёр", OrganisationKind.PARTNER)
    for name, sites, served_by in (
        (CUSTOMER, ("Москва, офис", "Химки, склад"), partner),
        ("Гимназия № 7", ("Гимназия № 7",), None),
    ):
        owner = users.add_organisation(session, name, OrganisationKind.CUSTOMER, served_by)
        session.add_all(Site(organisation_id=owner.id, name=site) for site in sites)


def _publish_release(installation: Installation, release: DemoRelease, at: datetime) -> None:
    # Noise of a fixed seed: an image that no link or disk can squeeze, alike on every machine.
    payload = random.Random(f"{release.product} {release.version}").randbytes(release.size)  # noqa: S311 - test data, no secret
    image = build_image(release.product, release.version, release.hardware, payload)
    new = publishing.NewRelease(
        product=release.product,
        version=release.version,
        file_name=f"{release.product.lower()}-{release.version}.bin",
        channel=release.channel,
        hardware=release.hardware,
        min_from=release.min_from,
        notes_ru=release.notes_ru,
        notes_en=release.notes_en,
    )
    stored = publishing.store_image(installation.blobs, BytesIO(image))
    with installation.database.writing() as session:
        publishing.publish(session, new, stored, keys.of(installation), actor=ACTOR, now=at)


def _withdraw(installation: Installation, at: datetime) -> None:
    with installation.database.writing() as session:
        publishing.withdraw(
            session, "FP-B2", "2.3.0", keys.of(installation),
            reason="Часть телефонов теряет регистрацию после смены IP-адреса.",
            replacement="2.3.1", actor=ACTOR, now=at,
        )  # fmt: skip


def _publish_document(installation: Installation, document: DemoDocument, at: datetime) -> None:
    new = documents.NewEdition(
        slug=document.slug,
        kind=document.kind,
        language=document.language,
        version=document.version,
        title=document.title,
        file_name=document.file,
        products=(document.product,),
        applies_from=document.applies_from,
        applies_to=document.applies_to,
    )
    with (FILES / document.file).open("rb") as file:
        blob = documents.store_file(
            installation.blobs, file, document.file, documents.UploadOptions()
        )
    with installation.database.writing() as session:
        documents.publish(session, new, blob, keys.of(installation), actor=ACTOR, now=at)
