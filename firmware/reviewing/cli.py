"""Commands: firmware draft, drafts, checks, sign-off, publish-draft, discard, edit-draft."""

from pathlib import Path
from typing import BinaryIO, TextIO

import click

from accounts import users
from catalogue import keys, products
from firmware import publishing, releases, sboms
from firmware.models import Channel, Step
from firmware.reviewing import drafts, sign_offs, submission
from firmware.reviewing.drafts import DraftState, DraftWords
from firmware.reviewing.options import SignOffOptions
from firmware.reviewing.submission import Submission
from storage.clock import now
from storage.console import json_option, language, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from storage.progress import watched

ACTOR = "command line"
_COLUMNS = ("product", "version", "channel", "state", "signed", "required", "publish_at")


@click.command("draft")
@click.argument("product")
@click.argument("version")
@click.argument("file", type=click.File("rb"))
@click.option("--hw", "hardware", multiple=True, help="A hardware revision; may repeat.")
@click.option("--channel", default=Channel.TESTING.value, show_default=True)
@click.option("--min-from", help="Phones below this version take another step first.")
@click.option("--notes-ru", type=click.File(encoding="utf-8"), help="A file with the notes.")
@click.option("--notes-en", type=click.File(encoding="utf-8"), help="A file with the notes.")
@click.option("--publish-at", default="", help="Like 2026-11-25T18:30, Moscow time; not earlier.")
@click.option("--sbom", type=click.File("rb"), help="CycloneDX or SPDX in JSON.")
@click.option("--by", help="The login of the person whose draft it is.")
@json_option
@pass_installation
def draft(
    installation: Installation,
    product: str,
    version: str,
    file: BinaryIO,
    hardware: tuple[str, ...],
    channel: str,
    min_from: str | None,
    notes_ru: TextIO | None,
    notes_en: TextIO | None,
    publish_at: str,
    sbom: BinaryIO | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Keep FILE as a draft of VERSION of PRODUCT: only staff see it."""
    new = publishing.NewRelease(
        product=product,
        version=version,
        file_name=Path(file.name).name,
        channel=channel,
        hardware=hardware,
        min_from=min_from,
        notes_ru=notes_ru.read() if notes_ru else "",
        notes_en=notes_en.read() if notes_en else "",
    )
    handed = Submission(new, draft=True, publish_at=submission.publish_time(publish_at))
    row = hand_in(installation, handed, file, sbom, by)
    show_one(row, as_json=as_json)


def hand_in(
    installation: Installation,
    handed: Submission,
    file: BinaryIO,
    sbom: BinaryIO | None,
    by: str | None = None,
) -> dict[str, object]:
    """Keep a draft and tell what it waits for; its row."""
    options = installation.option(SignOffOptions)
    with installation.database.reading() as session:
        if by:
            users.get(session, by)
        submission.check(session, handed, options)
    parts = sboms.store(installation.blobs, sbom) if sbom else None
    image = publishing.store_image(installation.blobs, watched(file, Path(file.name).name))
    ring = keys.of(installation)
    with installation.database.writing() as session:
        made = submission.submit(
            session, handed, image, parts, ring, options, actor=by or ACTOR, now=now()
        )
        state = drafts.judge(session, made, options)
    say(f"{made.product.code} {made.version} is a draft: only staff see it.")
    _say_what_is_missing(state)
    return _row(state)


@click.command("drafts")
@json_option
@pass_installation
def list_drafts(installation: Installation, as_json: bool) -> None:
    """The drafts of all products and what they wait for."""
    options = installation.option(SignOffOptions)
    with installation.database.reading() as session:
        rows = [
            _row(drafts.judge(session, found, options))
            for product in products.every(session)
            for found in releases.drafts(session, product.id)
        ]
    show_rows(rows, _COLUMNS, as_json=as_json)


@click.command("checks")
@click.argument("product")
@click.argument("version")
@json_option
@pass_installation
def checks(installation: Installation, product: str, version: str, as_json: bool) -> None:
    """What the checks find in a draft."""
    with installation.database.reading() as session:
        found = drafts.checks(session, drafts.get(session, product, version))
    rows = [{"check": c.code, "result": str(c.result), "found": c.text(language())} for c in found]
    show_rows(rows, ("check", "result", "found"), as_json=as_json)


@click.command("sign-off")
@click.argument("product")
@click.argument("version")
@click.option("--by", required=True, help="The login of the person who agrees.")
@click.option("--stable", is_flag=True, help="To a release becoming stable, not to a draft.")
@click.option("--withdraw", is_flag=True, help="The person agrees no longer.")
@pass_installation
def sign_off(
    installation: Installation,
    product: str,
    version: str,
    by: str,
    stable: bool,
    withdraw: bool,
) -> None:
    """Note that a person agrees to publish a draft, or to make a release stable."""
    options, step = installation.option(SignOffOptions), Step.STABLE if stable else Step.PUBLISH
    with installation.database.writing() as session:
        found = (
            releases.get(session, products.get(session, product), version)
            if stable
            else drafts.get(session, product, version)
        )
        if withdraw:
            sign_offs.take_back(session, found, step, by, actor=ACTOR, now=now())
        elif stable:
            sign_offs.sign(session, found, step, by, options, actor=ACTOR, now=now())
        else:
            drafts.sign_off(session, found, by, options, actor=ACTOR, now=now())
        signed = len(sign_offs.counted(session, found, step, options))
    say(f"{product} {version} has {signed} of {options.required} sign-offs.")


@click.command("publish-draft")
@click.argument("product")
@click.argument("version")
@pass_installation
def publish_draft(installation: Installation, product: str, version: str) -> None:
    """Publish a draft that passes its checks, is signed off and due."""
    options, ring = installation.option(SignOffOptions), keys.of(installation)
    with installation.database.writing() as session:
        found = drafts.get(session, product, version)
        drafts.publish(session, found, ring, options, actor=ACTOR, now=now())
    if found.is_awaiting:
        say(f"{product} {found.version} waits for signatures: flatpro keys list shows whose.")
    else:
        say(f"Published {product} {found.version}.")


@click.command("edit-draft")
@click.argument("product")
@click.argument("version")
@click.option("--channel", help="Where it will be published.")
@click.option("--min-from", help="Phones below this version take another step first.")
@click.option("--notes-ru", type=click.File(encoding="utf-8"), help="A file with the notes.")
@click.option("--notes-en", type=click.File(encoding="utf-8"), help="A file with the notes.")
@click.option("--publish-at", help="Like 2026-11-25T18:30, Moscow time; '' for no time.")
@click.option("--sbom", type=click.File("rb"), help="CycloneDX or SPDX in JSON.")
@pass_installation
def edit_draft(
    installation: Installation,
    product: str,
    version: str,
    channel: str | None,
    min_from: str | None,
    notes_ru: TextIO | None,
    notes_en: TextIO | None,
    publish_at: str | None,
    sbom: BinaryIO | None,
) -> None:
    """Change a draft; what is not named stays. Who had agreed must agree again."""
    parts = sboms.store(installation.blobs, sbom) if sbom else None
    with installation.database.writing() as session:
        found = drafts.get(session, product, version)
        old = drafts.words_of(found)
        words = DraftWords(
            channel=channel or old.channel,
            min_from=old.min_from if min_from is None else min_from or None,
            notes_ru=notes_ru.read() if notes_ru else old.notes_ru,
            notes_en=notes_en.read() if notes_en else old.notes_en,
            publish_at=old.publish_at
            if publish_at is None
            else submission.publish_time(publish_at),
        )
        drafts.edit(session, found, words, actor=ACTOR, now=now())
        if parts is not None:
            drafts.attach_sbom(session, found, parts, actor=ACTOR, now=now())
    say(f"The draft {product} {version} was changed.")


@click.command("discard")
@click.argument("product")
@click.argument("version")
@pass_installation
def discard(installation: Installation, product: str, version: str) -> None:
    """Throw a draft away."""
    with installation.database.writing() as session:
        drafts.discard(session, drafts.get(session, product, version), actor=ACTOR, now=now())
    say(f"The draft {product} {version} was discarded.")


def _say_what_is_missing(state: DraftState) -> None:
    for check in state.checks:
        if check.result != "passed":
            say(f"{check.result}: {check.text(language())}")
    if not state.is_signed_off:
        people = ", ".join(state.candidates) or "nobody yet: flatpro user add … --role publisher"
        say(f"It needs {state.required} sign-offs; these can sign off: {people}.")


def _row(state: DraftState) -> dict[str, object]:
    release = state.release
    waiting = release.draft
    return {
        "product": release.product.code,
        "version": release.version,
        "channel": str(waiting.channel) if waiting else None,
        "state": str(release.state),
        "checks": [f"{check.code}: {check.result}" for check in state.checks],
        "sound": state.is_sound,
        "signed": list(state.signed),
        "required": state.required,
        "publish_at": waiting.publish_at if waiting else None,
        "file": release.artifact.file_name,
        "size": release.artifact.size,
        "sha256": release.artifact.sha256,
        "uploaded_by": release.uploader,
        "sbom": release.sbom.standard if release.sbom else None,
    }


COMMANDS = (draft, list_drafts, checks, sign_off, publish_draft, edit_draft, discard)
