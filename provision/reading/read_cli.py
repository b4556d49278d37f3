"""Command: device read, of one phone or of many."""

from collections.abc import Callable, Mapping, Sequence

import click

from provision.devices import listing
from provision.devices.listing import DeviceFilter
from provision.readers.ways import Via
from provision.reading import bulk_reads, phone_reads
from provision.reading.bulk_reads import BulkAnswer
from provision.reading.phone_reads import ReadAnswer
from provision.verdicts import words as verdict_words
from provision.verdicts.unit import Judgement
from storage.clock import now
from storage.console import json_option, language, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from storage.phrases import Phrase

ACTOR = "command line"
FACTS_SHOWN = ("product", "hardware", "serial", "mac", "firmware", "uptime_s", "ip")
MANY_COLUMNS = ("mac", "address", "lane", "serial", "product", "firmware", "verdict", "error")


@click.command("read")
@click.argument("name", required=False, metavar="ADDRESS|SERIAL|MAC")
@click.option(
    "--via",
    type=click.Choice([way.value for way in Via]),
    help="One way only; SNMP and HTTP otherwise, and SSH on request.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Instead of the profile's; needs --via."
)
@click.option("--family", help="Whose dialect it speaks (yealink, cisco …), if not in read.family.")
@click.option("--site", help="All phones of this site instead, over SNMP.")
@click.option("--product", help="All phones of this product instead, over SNMP.")
@click.option("--all", "everything", is_flag=True, help="All phones instead, over SNMP.")
@json_option
@pass_installation
def read(
    installation: Installation,
    name: str | None,
    via: str | None,
    port: int | None,
    family: str | None,
    site: str | None,
    product: str | None,
    everything: bool,
    as_json: bool,
) -> None:
    """Read a phone over SNMP and over HTTP, or many over SNMP, and keep what they say."""
    many = everything or site is not None or product is not None
    if many == (name is not None):
        raise click.UsageError("Name a phone, or --site, --product or --all.")
    if many:
        if via not in {None, Via.SNMP} or port is not None or family is not None:
            raise click.UsageError("Many phones are read as their profiles say, over SNMP.")
        _read_many(installation, DeviceFilter(product=product or "", site=site or ""), as_json)
        return
    assert name is not None, "one of the two was given"
    if port is not None and via is None:
        raise click.UsageError("--port needs --via.")
    ways = (Via(via),) if via else phone_reads.BOTH
    at = now()
    answers = phone_reads.read_phone(
        installation, name, asked_by=ACTOR, now=at, ways=ways, port=port, family=family
    )
    judged = phone_reads.judgements(installation, answers, at)
    _show_answers(answers, judged, as_json=as_json)
    if all(answer.facts is None for answer in answers):
        raise click.exceptions.Exit(1)


def _read_many(installation: Installation, wanted: DeviceFilter, as_json: bool) -> None:
    with installation.database.reading() as session:
        macs = [one.mac for one in listing.every(session, wanted)]
    answers = list(
        bulk_reads.read_known(installation, macs, asked_by=ACTOR, now=now(), tell=_tell())
    )
    show_rows([_row(one) for one in answers], MANY_COLUMNS, as_json=as_json)
    read_ones = sum(one.facts is not None for one in answers)
    say(f"{read_ones} of {len(answers)} phones were read.")
    if not read_ones:
        raise click.exceptions.Exit(1)


def _tell() -> Callable[[int, int], None]:
    """A line for every tenth."""
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if total and done * 10 // total > told:
            told = done * 10 // total
            say(f"{done} of {total}")

    return tell


def _row(answer: BulkAnswer) -> Mapping[str, object]:
    record = answer.facts.as_record() if answer.facts else {}
    return {
        "mac": answer.mac,
        "address": answer.address,
        "lane": answer.lane,
        **{name: record.get(name) for name in ("serial", "product", "firmware")},
        "verdict": answer.verdict,
        "error": answer.error.code if answer.error else None,
    }


def _show_answers(
    answers: Sequence[ReadAnswer], judged: Sequence[Judgement], *, as_json: bool
) -> None:
    for answer in answers:
        if answer.error is not None:
            say(f"{answer.via.upper()}: {answer.error.text(language())}")
    if as_json:
        show_one(_answers_document(answers, judged), as_json=True)
        return
    told = [answer for answer in answers if answer.facts is not None]
    if not told:
        return
    rows = [
        {"fact": name, **{answer.via: _fact(answer, name) for answer in told}}
        for name in FACTS_SHOWN
    ]
    rows.append({"fact": "lane", **{answer.via: answer.lane for answer in told}})
    rows.append({"fact": "verdict", **{answer.via: answer.verdict for answer in told}})
    show_rows(rows, ("fact", *(answer.via for answer in told)), as_json=False)
    for one in judged:
        _show_judgement(one)


def _show_judgement(one: Judgement) -> None:
    tongue = language()
    notes = [verdict_words.STRENGTHS[one.strength].text(tongue)]
    if one.explained_by:
        why = Phrase("объясняет {what}", "explained by {what}")
        notes.append(why.text(tongue).format(what=one.explained_by))
    name = verdict_words.name(one).text(tongue)
    click.echo(f"{one.verdict.name}: {name} ({', '.join(notes)})")
    for evidence in one.evidence:
        origin = verdict_words.origin_name(evidence.origin).text(tongue)
        click.echo(f"  - {evidence.text.text(tongue)} ({origin})")


def _answers_document(
    answers: Sequence[ReadAnswer], judged: Sequence[Judgement]
) -> Mapping[str, object]:
    """The facts that all ways came to, then each way's own answer."""
    facts = phone_reads.merged(answers)
    record = facts.as_record() if facts else {}
    return {
        "address": answers[0].address,
        **{name: record.get(name) for name in FACTS_SHOWN},
        "verdict": next((answer.verdict for answer in answers if answer.verdict), None),
        "identity": [one.as_record() for one in judged],
        "readings": [
            {
                "via": answer.via,
                "lane": answer.lane,
                "address": answer.address,
                "verdict": answer.verdict,
                "facts": answer.facts.as_record() if answer.facts else None,
                "error": answer.error.code if answer.error else None,
                "reason": answer.error.text("en") if answer.error else None,
            }
            for answer in answers
        ],
    }


def _fact(answer: ReadAnswer, name: str) -> object:
    return answer.facts.as_record().get(name) if answer.facts else None
