"""The act and its blank form as PDF."""

from datetime import datetime

from support.papers.paper import Paper
from support.phrases import Phrase
from support.repairs import act_words as words
from support.repairs.act_words import ActPaper
from support.service_centres.choosing import VENDOR


def act_pdf(made: ActPaper) -> bytes:
    """The act, ready to be signed and put into the parcel."""
    paper = Paper(made.title, made.filed_at, made.footer)
    paper.head(made.title, made.under_title, made.code)
    paper.section(made.say(words.SENDER))
    paper.pairs(made.sender)
    paper.section(made.say(words.PHONES))
    paper.table([made.say(name) for name in words.TABLE], made.rows, (1, 5, 5, 11))
    paper.section(made.say(words.ROUTE))
    paper.words(made.say(words.PAYER))
    paper.words(made.say(words.RETURNING))
    if made.act.erased:
        paper.words(made.say(words.CONFIRMED))
    paper.signatures([made.say(words.SIGNED), made.say(words.TAKEN)])
    return paper.finished()


def blank_pdf(language: str, printed_at: datetime) -> bytes:
    """F-2: the form to be filled in by hand."""

    def say(phrase: Phrase) -> str:
        return phrase.text(language)

    paper = Paper(say(words.TITLE), printed_at, f"{say(words.TITLE)} · support@flat-pro.ru")
    paper.head(say(words.TITLE), [f"{VENDOR.name}: {VENDOR.address}"])
    paper.section(say(words.SENDER))
    paper.blanks([say(name) for name in words.BLANK_SENDER])
    paper.section(say(words.PHONES))
    paper.blanks([say(name) for name in words.BLANK_PHONE], lines=3)
    paper.words(say(words.PAYER))
    paper.signatures([say(words.SIGNED), say(words.TAKEN)])
    return paper.finished()
