"""Commands: firmware."""

import secrets
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from catalogue import keys, products
from catalogue.versions import Version
from firmware import images, offering, paths, publishing, releases
from firmware.downloads import cli as statistics_cli
from firmware.models import Channel, Release
from firmware.reviewing import cli as draft_cli
from firmware.reviewing.options import SignOffOptions
from firmware.reviewing.submission import Submission
from firmware.software import cli as software_cli
from firmware.version_marks import cli as marks_cli
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from storage.progress import watched

ACTOR = "command line"


@click.group()
def firmware() -> None:
    """Releases: draft, sign off, publish, promote, withdraw, list."""


@firmware.command("publish")
@click.argument("product")
@click.argument("version")
@click.argument("file", type=click.File("rb"))
@click.option("--hw", "hardware", multiple=True, help="A hardware revision; may repeat.")
@click.option("--channel", default=Channel.TESTING.value, show_default=True)
@click.option("--min-from", help="Phones below this version take another step first.")
@click.option("--notes-ru", type=click.File(encoding="utf-8"), help="A file with the notes.")
@click.option("--notes-en", type=click.File(encoding="utf-8"), help="A file with the notes.")
@click.option("--as-step", is_flag=True, help="Below the latest, for phones without a way to it.")
@json_option
@pass_installation
def publish(
    installation: Installation,
    product: str,
    version: str,
    file: BinaryIO,
    hardware: tuple[str, ...],
    channel: str,
    min_from: str | None,
    notes_ru: TextIO | None,
    notes_en: TextIO | None,
    as_step: bool,
    as_json: bool,
) -> None:
    """Publish FILE as VERSION of PRODUCT; where people must sign off, keep it as a draft."""
    new = publishing.NewRelease(
        product=product,
        version=version,
        file_name=Path(file.name).name,
        channel=channel,
        hardware=hardware,
        min_from=min_from,
        notes_ru=notes_ru.read() if notes_ru else "",
        notes_en=notes_en.read() if notes_en else "",
        as_step=as_step,
    )
    handed = Submission(new)
    if handed.becomes_draft(installation.option(SignOffOptions)):
        show_one(draft_cli.hand_in(installation, handed, file, None), as_json=as_json)
        return
    with installation.database.reading() as session:
        publishing.check(session, new)
    image = publishing.store_image(installation.blobs, watched(file, Path(file.name).name))
    ring = keys.of(installation)
    with installation.database.writing() as session:
        release = publishing.publish(session, new, image, ring, actor=ACTOR, now=now())
        row = _row(release)
    if not row["inspected"]:
        say("The file is in no known image format: it is marked “not inspected”.")
    if release.is_awaiting:
        say(f"{product} {row['version']} waits for signatures: flatpro keys list shows whose.")
    else:
        say(f"Published {product} {row['version']}.")
    show_one(row, as_json=as_json)


@firmware.command("image")
@click.argument("product")
@click.argument("version")
@click.argument("file", type=click.File("wb"))
@click.option("--hw", "hardware", multiple=True, default=("A",), help="May repeat.")
def image(product: str, version: str, file: BinaryIO, hardware: tuple[str, ...]) -> None:
    """Write a small image to try things out with: a right header over random bytes."""
    file.write(images.build_image(product, version, hardware, secrets.token_bytes(64 * 1024)))


@firmware.command("promote")
@click.argument("product")
@click.argument("version")
@click.argument("channel")
@pass_installation
def promote(installation: Installation, product: str, version: str, channel: str) -> None:
    """Move a release to a channel."""
    ring = keys.of(installation)
    with installation.database.writing() as session:
        publishing.promote(
            session,
            product,
            version,
            channel,
            ring,
            actor=ACTOR,
            now=now(),
            options=installation.option(SignOffOptions),
        )
    say(f"{product} {version} is in {channel}.")


@firmware.command("withdraw")
@click.argument("product")
@click.argument("version")
@click.option("--reason", required=True, help="Everyone will see it.")
@click.option("--replacement", help="The version to take instead.")
@pass_installation
def withdraw(
    installation: Installation, product: str, version: str, reason: str, replacement: str | None
) -> None:
    """Stop offering a release."""
    ring = keys.of(installation)
    with installation.database.writing() as session:
        release = publishing.withdraw(
            session,
            product,
            version,
            ring,
            reason=reason,
            replacement=replacement,
            actor=ACTOR,
            now=now(),
        )
        stuck = publishing.stranded(session, release.product)
    say(f"{product} {version} is withdrawn.")
    marks_cli.tell_stuck(stuck)


@firmware.command("list")
@click.argument("product")
@json_option
@pass_installation
def list_releases(installation: Installation, product: str, as_json: bool) -> None:
    """The releases of PRODUCT, the highest first."""
    with installation.database.reading() as session:
        found = products.get(session, product)
        rows = [_row(release) for release in releases.with_awaiting(session, found.id)]
    columns = ("version", "channels", "state", "marks", "percent", "hardware", "size", "file")
    show_rows(rows, columns, as_json=as_json)


@firmware.command("path")
@click.argument("product")
@click.option("--from", "running", required=True, help="The version that the phone runs.")
@click.option("--hw", "hardware", help="Its hardware revision; the product's first by default.")
@click.option("--channel", default=Channel.STABLE.value, show_default=True)
@json_option
@pass_installation
def path(
    installation: Installation,
    product: str,
    running: str,
    hardware: str | None,
    channel: str,
    as_json: bool,
) -> None:
    """Every step from a version to the channel's latest."""
    start, followed = Version.parse(running), releases.channel_named(channel)
    with installation.database.reading() as session:
        found = products.get(session, product)
        graph = paths.in_channel(releases.nodes(releases.of_product(session, found.id)), followed)
    revision = hardware or found.revisions[0]
    target = paths.latest(graph, revision)
    way = paths.path_to(start, revision, graph, target) if target else ()
    if isinstance(way, paths.NoWay):
        raise publishing.DeadEndError(problem_ru=way.text("ru"), problem_en=way.text("en"))
    rows = [{"step": number, "version": str(step)} for number, step in enumerate(way, start=1)]
    show_rows(rows, ("step", "version"), as_json=as_json)


def _row(release: Release) -> dict[str, object]:
    artifact = release.artifact
    return {
        "product": release.product.code,
        "version": release.version,
        "channels": sorted(release.channel_names),
        "state": str(release.state),
        "marks": marks_cli.of_version(release.product_marks, release.canonical),
        "percent": release.percent,
        "hardware": artifact.hardware,
        "min_from": release.min_from,
        "file": artifact.file_name,
        "url": offering.offered(release).path,
        "size": artifact.size,
        "sha256": artifact.sha256,
        "inspected": artifact.inspected,
        "published_at": release.published_at,
        "withdrawn_reason": release.withdrawn_reason or None,
        "replacement": release.replacement,
    }


for _command in (*draft_cli.COMMANDS, *marks_cli.COMMANDS, *statistics_cli.COMMANDS):
    firmware.add_command(_command)


COMMANDS = (firmware, software_cli.group)
