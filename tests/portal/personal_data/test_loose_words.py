"""A person named only in somebody else's text: offered to people, taken out by their hand."""

import html
import io
import json
import re
import zipfile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts import users
from accounts.models import AuditEntry
from portal import tables
from portal.personal_data import act_pdf, erasure_log, loose_words, redacting
from portal.personal_data.loose_words import Candidate
from portal.personal_data.redacting import Choice, NothingChosenError
from storage.blob_keeping import collecting
from storage.blobs import BlobMissingError
from storage.clock import now
from storage.people import ERASED, Person
from support.attachments.content import inspect
from support.mailroom.models import IncomingMail
from support.personal_data.models import ErasureAct
from support.personal_data.register import shipped
from support.requests import by_mail, records, talking
from support.requests.by_mail import Received
from support.requests.messages import Text
from support.requests.models import RequestAttachment, RequestMessage
from support.requests.new_request import Contact
from tests.browserless import form_token, log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.portal.personal_data.story import EMAIL, WHO, Story
from tests.support.mailroom.letters_sent import letter
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import moscow

BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
HOME = "/staff/personal-data/"
BORIS = Contact("Борис", "boris@other.example")


def somebody_writes(story: Story, text: str = "Звоните Петровой Анне, 8 (900) 000-00-00.") -> int:
    """A stranger's request that names her, with a file named after her and a note of staff."""
    number = story.desk.comes(
        "2026-11-25T10:00", contact=BORIS, text=text,
        files=[inspect("Петрова.txt", b"log\n")],
    )  # fmt: skip
    with story.installation.database.writing() as session:
        talking.note(
            session, story.installation, records.get_to_change(session, number),
            Text("Анна Петрова просила не звонить"), form_key="note-1", actor="olga",
            name="Ольга", now=moscow("2026-11-25T11:00"),
        )  # fmt: skip
    return number


def found(story: Story, typed: str = "", who: Person = WHO) -> list[Candidate]:
    with story.installation.database.reading() as session:
        traces = loose_words.known_by(session, who, typed)
        return list(loose_words.candidates(session, who, traces))


def redact(story: Story, chosen: list[Choice], *, with_letters: bool = False) -> ErasureAct:
    with story.installation.database.reading() as session:
        traces = loose_words.known_by(session, WHO)
    with story.installation.database.writing() as session:
        done = redacting.redact(
            session, story.installation, WHO, traces, chosen,
            with_letters=with_letters, actor="admin", now=now(),
        )  # fmt: skip
    collecting.discard(story.installation.database, story.installation.blobs, done.files, now())
    return done.act


def texts(story: Story, number: int) -> list[str]:
    with story.installation.database.reading() as session:
        query = select(RequestMessage.text).where(RequestMessage.request_id == number)
        return list(session.scalars(query.order_by(RequestMessage.id)))


@BOTH
def test_she_is_found_in_words_notes_and_names_of_files_of_others_and_not_in_her_own(
    story: Story,
) -> None:
    story.asks()
    number = somebody_writes(story)
    candidates = found(story)
    assert {(one.column, one.trace.written) for one in candidates} == {
        ("support_request_message.text", "Петровой"),
        ("support_request_message.text", "Анне"),
        ("support_request_message.text", "8 (900) 000-00-00"),
        ("support_request_message.text", "Анна"),
        ("support_request_message.text", "Петрова"),
        ("support_request_attachment.name", "Петрова"),
    }
    assert {one.subject.partition("/")[0] for one in candidates} == {f"request:{number}"}
    assert [one.likely for one in candidates if "text" in one.column] == [True] * 5


def test_only_what_was_ticked_is_taken_out_and_the_act_tells_where_and_never_what(
    story: Story,
) -> None:
    story.asks()
    number = somebody_writes(story)
    ticked = redacting.choices(
        one.name for one in found(story) if one.trace.written in {"Петровой", "8 (900) 000-00-00"}
    )
    act = redact(story, list(ticked))
    first, note = texts(story, number)
    assert first == f"Звоните {ERASED} Анне, {ERASED}."
    assert note == "Анна Петрова просила не звонить"
    told = json.dumps(act.log, ensure_ascii=False)
    assert "support_request_message.text" in told
    assert not re.search(r"Петров|900\) 000", told)
    assert act.person == ""
    paper = pdf_text(act_pdf.act_pdf(act, "ru"))
    assert f"request:{number}/message:" in paper
    assert "чужих текстах" in " ".join(paper.split())
    with story.installation.database.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "personal-data.redact")
        ).one()
    assert "Петров" not in json.dumps(entry.details, ensure_ascii=False)


def test_a_restore_erases_nobody_for_an_act_of_words(story: Story) -> None:
    story.asks()
    somebody_writes(story)
    act = redact(story, list(redacting.choices([found(story)[0].name])))
    assert erasure_log.line_of(act)["person"] == []


def test_a_forged_choice_takes_nothing_out(story: Story) -> None:
    story.asks()
    number = somebody_writes(story)
    with story.installation.database.reading() as session:
        query = select(RequestMessage.id).where(RequestMessage.request_id == number)
        first = session.scalars(query.order_by(RequestMessage.id)).first()
    assert first is not None
    text = "support_request_message.text"
    assert redacting.choices(["user_account.password|1|x", f"{text}|x|y", "||", f"{text}|1|"]) == []
    assert redacting.choices(["fault_report_version.content|1|Анна"]) == []
    for forged in (Choice(text, first, "Звоните"), Choice(text, 10**9, "Анна")):
        with pytest.raises(NothingChosenError):
            redact(story, [forged])
    assert texts(story, number)[0].startswith("Звоните")


def somebody_writes_by_mail(story: Story, text: str) -> Received:
    """A stranger's letter that names her."""
    raw = letter(text, From="Борис <boris@other.example>", Message_ID="<7@other.example>")
    at = moscow("2026-11-25T10:00")
    return by_mail.receive(story.installation, io.BytesIO(raw.as_bytes()), at)


def kept_bytes(story: Story, mail_id: int) -> bytes | None:
    with story.installation.database.reading() as session:
        row = session.get_one(IncomingMail, mail_id)
    try:
        with story.installation.blobs.open(row.raw_sha256) as file:
            return file.read()
    except BlobMissingError:
        return None


@BOTH
def test_the_letter_in_which_a_word_came_goes_with_it_where_that_is_asked_for(
    story: Story,
) -> None:
    story.asks()
    named = somebody_writes_by_mail(story, "Звоните Анне Петровой\n")
    assert named.request is not None
    assert kept_bytes(story, named.mail_id) is not None
    before = [one.name for one in found(story) if one.trace.written == "Петровой"]
    act = redact(story, list(redacting.choices(before)), with_letters=True)
    assert kept_bytes(story, named.mail_id) is None
    assert ERASED in texts(story, named.request)[0]
    told = [line for line in act.log if line["class"] == "letter-in"]
    assert [(one["subject"], one["files"]) for one in told] == [(f"letter:{named.mail_id}", 1)]
    # The line of the letter stays, so that the mailbox's copy is not taken in again.
    again = somebody_writes_by_mail(story, "Звоните Анне Петровой\n")
    assert again.mail_id == named.mail_id


def test_the_letter_stays_where_only_the_word_is_to_go_and_so_does_any_other_letter(
    story: Story,
) -> None:
    story.asks()
    named = somebody_writes_by_mail(story, "Звоните Анне Петровой\n")
    with story.installation.database.reading() as session:
        others = set(session.scalars(select(IncomingMail.id))) - {named.mail_id}
    for word, with_letters in (("Петровой", False), ("Анне", True)):
        chosen = [one.name for one in found(story) if one.trace.written == word]
        redact(story, list(redacting.choices(chosen)), with_letters=with_letters)
        assert (kept_bytes(story, named.mail_id) is None) is with_letters
    assert others
    assert all(kept_bytes(story, one) is not None for one in others)


def test_what_is_typed_is_found_after_she_was_erased_too(story: Story) -> None:
    story.ends(story.asks())
    somebody_writes(story)
    story.erases("2027-02-01T10:00")
    assert found(story) == []
    assert {one.trace.written for one in found(story, "Петрова")} == {"Петровой", "Петрова"}


def test_every_free_text_of_the_register_is_a_column_of_its_class() -> None:
    for one in shipped().classes:
        assert [name for name in one.texts if not one.holds(name)] == []
        for name in set(one.texts) - loose_words.FIXED:
            keys = tables.metadata.tables[name.partition(".")[0]].primary_key.columns
            assert [key.name for key in keys] == ["id"]


def test_an_officer_looks_ticks_exports_and_takes_out(client: FlaskClient, story: Story) -> None:
    with story.installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    log_in(client)
    story.asks()
    number = somebody_writes(story)
    page = post(client, f"{HOME}words", {"email": EMAIL}, HOME)
    assert page.headers["Cache-Control"] == "no-store"
    shown = page.get_data(as_text=True)
    assert "<mark>Петровой</mark>" in shown
    names = [html.unescape(one) for one in re.findall(r'name="word" value="([^"]+)"', shown)]
    ticked = [one for one in names if one.endswith(("|Петровой", "|Петрова"))]
    token = form_token(client, HOME)
    form = {"csrf_token": token, "email": EMAIL, "word": ticked}
    assert client.post(f"{HOME}words/export", data=form).status_code == 302
    with client.get(f"{HOME}exports/1.zip") as fetched:
        told = json.loads(zipfile.ZipFile(io.BytesIO(fetched.data)).read("data.json"))
    assert any("Звоните Петровой" in one["text"] for one in told["elsewhere"])
    done = client.post(f"{HOME}words/redact", data=form)
    assert done.status_code == 200
    assert "Распечатайте и подпишите акт 1." in done.get_data(as_text=True)
    assert texts(story, number)[0].startswith(f"Звоните {ERASED} Анне")
    with story.installation.database.reading() as session:
        assert (
            ERASED
            in session.scalars(
                select(RequestAttachment.name).where(RequestAttachment.sender == BORIS.email)
            ).one()
        )
    assert client.post(f"{HOME}words/redact", data=form).status_code == 422
    assert client.get(f"{HOME}acts/1.pdf").data[:4] == b"%PDF"
    assert '"act": 1' in erasure_log.path_of(story.installation).read_text()
    nobody = {"csrf_token": token, "email": "", "word": "x"}
    for path in ("words", "words/redact", "words/export"):
        assert client.post(f"{HOME}{path}", data=nobody).status_code == 404
        assert (
            client.post(
                f"{HOME}{path}", data={**form, "more": "\u202e%_\\'" * 99, "word": "x|1|y"}
            ).status_code
            < 500
        )
