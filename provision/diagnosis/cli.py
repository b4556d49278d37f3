"""Commands: device diagnose, diagnosis."""

from pathlib import Path

import click

from provision.devices import registry
from provision.diagnosis import bundle, conducting, fixes, words
from provision.diagnosis.conducting import DiagnosisAnswer
from provision.diagnosis.findings import Weight
from storage.clock import now
from storage.console import json_option, language, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from storage.phrases import Phrase

ACTOR = "command line"


@click.command("diagnose")
@click.argument("name", metavar="MAC|SERIAL|ADDRESS")
@json_option
@pass_installation
def diagnose(installation: Installation, name: str, as_json: bool) -> None:
    """Read a phone, and say what is wrong with it and what to do."""
    with installation.database.writing() as session:
        asked = conducting.start(session, name.strip(), actor=ACTOR, now=now())
    answer = conducting.run(installation, asked.id, now(), _tell_step)
    if as_json:
        show_one(answer.as_document(), as_json=True)
    else:
        _show(answer)


@click.command("bundle")
@click.argument("name", metavar="MAC|SERIAL|ADDRESS")
@click.option("--last", is_flag=True, help="Of the last diagnosis instead of a new one.")
@click.option("--out", type=click.Path(path_type=Path), help="The file, or the folder for it.")
@pass_installation
def take_bundle(installation: Installation, name: str, last: bool, out: Path | None) -> None:
    """Diagnose a phone and write the diagnostic bundle: a zip without any secret."""
    with installation.database.writing() as session:
        device = registry.find(session, name.strip())
        mac, found = device.mac, conducting.latest(session, device)
        done = [one.id for one in found if last and one.finished_at is not None]
        number = done[0] if done else conducting.start(session, mac, actor=ACTOR, now=now()).id
    conducting.run(installation, number, now(), _tell_step)
    with installation.database.writing() as session:
        made = bundle.make(session, installation, mac, number, actor=ACTOR, now=now())
    path = out or Path()
    path = path / made.file_name if path.is_dir() else path
    try:
        path.touch(mode=0o600)
        path.write_bytes(made.body)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(path)


@click.group()
def diagnosis() -> None:
    """What releases mend, so that a diagnosis says: update first."""


@diagnosis.command("fixes")
@json_option
@pass_installation
def list_fixes(installation: Installation, as_json: bool) -> None:
    """All fixes on record."""
    with installation.database.reading() as session:
        rows = [
            {
                "id": one.id,
                "product": one.product,
                "fixed_in": one.fixed_in,
                "finding": one.code.value,
                "text": one.text.text(language()),
            }
            for one in fixes.every(session)
        ]
    show_rows(rows, ("id", "product", "fixed_in", "finding", "text"), as_json=as_json)


@diagnosis.command("fix")
@click.argument("product")
@click.argument("version")
@click.argument("finding")
@click.option("--ru", required=True, help="What is mended, in Russian.")
@click.option("--en", default="", help="The same in English.")
@pass_installation
def add_fix(
    installation: Installation, product: str, version: str, finding: str, ru: str, en: str
) -> None:
    """Record that VERSION of PRODUCT mends FINDING (packet-loss, reboot-loop, …)."""
    with installation.database.writing() as session:
        fixes.add(session, product, finding, version, Phrase(ru, en), actor=ACTOR, now=now())
    say(f"{product} {version} mends {finding}.")


@diagnosis.command("unfix")
@click.argument("number", type=int)
@pass_installation
def remove_fix(installation: Installation, number: int) -> None:
    """Take a fix back, by its number."""
    with installation.database.writing() as session:
        fixes.remove(session, number, actor=ACTOR, now=now())
    say(f"Fix {number} was removed.")


def _tell_step(step: int) -> None:
    say(f"Ways of reading tried: {step}")


def _show(answer: DiagnosisAnswer) -> None:
    tongue, found = language(), answer.conclusion
    for failure in answer.failures:
        say(f"{failure.via.upper()}: {failure.text.text(tongue)}")
    if found is None or not found.findings:
        click.echo(Phrase("Неполадок не найдено.", "Nothing wrong was found.").text(tongue))
        return
    if found.update_first:
        first = Phrase("Сначала обновите до {version}.", "Update to {version} first.")
        click.echo(first.text(tongue).format(version=found.update_first.version))
    marks = {Weight.FAULT: "!!", Weight.ATTENTION: " !", Weight.INFO: "  "}
    for one in found.findings:
        sure = words.SURENESS[one.sureness].text(tongue)
        click.echo(f"{marks[one.weight]} {words.NAMES[one.code].text(tongue)} ({sure})")
        for evidence in one.evidence:
            click.echo(f"     - {evidence.text(tongue)}")
        click.echo(f"     → {(one.cause or words.ADVICE[one.code]).text(tongue)}")
        if one.cause:
            click.echo(f"     → {words.ADVICE[one.code].text(tongue)}")


COMMANDS = (diagnosis,)
