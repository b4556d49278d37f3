"""Command: device read."""

from collections.abc import Mapping, Sequence

import click

from provision import phone_reads
from provision.phone_reads import ReadAnswer
from provision.readers.reading import Via
from provision.verdicts import words as verdict_words
from provision.verdicts.unit import Judgement
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"
FACTS_SHOWN = ("product", "hardware", "serial", "mac", "firmware", "uptime_s", "ip")


@click.command("read")
@click.argument("name", metavar="ADDRESS|SERIAL|MAC")
@click.option(
    "--via",
    type=click.Choice([way.value for way in Via]),
    help="One way only; SNMP and HTTP otherwise, and SSH on request.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Instead of the profile's; needs --via."
)
@click.option("--family", help="Whose dialect it speaks (yealink, cisco …), if not in read.family.")
@json_option
@pass_installation
def read(
    installation: Installation,
    name: str,
    via: str | None,
    port: int | None,
    family: str | None,
    as_json: bool,
) -> None:
    """Read a phone over SNMP and over HTTP, and keep what it says."""
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


def _show_answers(
    answers: Sequence[ReadAnswer], judged: Sequence[Judgement], *, as_json: bool
) -> None:
    for answer in answers:
        if answer.error is not None:
            say(f"{answer.via.upper()}: {answer.error.text('en')}")
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
    rows.append({"fact": "verdict", **{answer.via: answer.verdict for answer in told}})
    show_rows(rows, ("fact", *(answer.via for answer in told)), as_json=False)
    for one in judged:
        _show_judgement(one)


def _show_judgement(one: Judgement) -> None:
    strength = verdict_words.STRENGTHS[one.strength].en
    explained = f", explained by {one.explained_by}" if one.explained_by else ""
    click.echo(f"{one.verdict.name}: {verdict_words.name(one).en} ({strength}{explained})")
    for evidence in one.evidence:
        click.echo(f"  - {evidence.text.en} ({evidence.origin})")


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
