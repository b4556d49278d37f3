import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts import users
from firmware import work
from firmware.reviewing import drafts
from firmware.reviewing.submission import local_time, publish_time
from jobs.models import Job
from jobs.runner import Runner, Work, Workbook
from storage.clock import now
from storage.installation import Installation
from tests.firmware.reviewing.review import (
    CODE,
    CYCLONEDX,
    LogIn,
    Vendor,
    hand_in,
    has_button,
    image,
    page_of,
    press,
)


def test_a_release_is_seen_only_after_two_others_agreed_and_its_time_came(
    vendor: Vendor, log_in: LogIn, installation: Installation
) -> None:
    """The whole story: upload, checks, two sign-offs, embargo, publication by the job."""
    anna, boris, vera = log_in("anna"), log_in("boris"), log_in("vera")
    before = vendor.seen()
    later = now() + timedelta(hours=2)
    answer = hand_in(anna, "1.1.0", publish_at=local_time(later))
    assert answer.headers["Location"] == page_of("1.1.0")
    page = anna.get(page_of("1.1.0")).get_data(as_text=True)
    assert page.count("passed") >= 6
    assert "0 of 2" in page
    assert not has_button(anna, page_of("1.1.0"), "sign-off")
    assert not has_button(anna, page_of("1.1.0"), "publish")
    for person in (boris, vera):
        assert press(person, page_of("1.1.0"), "/sign-off").status_code == 302
    assert not has_button(vera, page_of("1.1.0"), "publish"), "its time has not come"
    assert vendor.seen() == before
    publish_due(installation)
    assert vendor.seen() == before
    make_due(installation, "1.1.0")
    publish_due(installation)
    assert vendor.versions() == ["1.1.0"]
    assert vendor.versions("stable") == ["1.0.0"]
    assert ("schedule", "release.publish") in vendor.audited()
    signed = [actor for actor, action in vendor.audited() if action == "release.sign-off"]
    assert signed == ["boris", "vera"]
    image_address = f"/firmware/{CODE}/1.1.0/b2-1.1.0.bin"
    assert vendor.app.test_client().get(image_address, buffered=True).data == image("1.1.0")


def test_a_draft_is_nowhere_but_on_staff_pages(vendor: Vendor, log_in: LogIn) -> None:
    anna = log_in("anna")
    before = vendor.seen()
    hand_in(anna, "1.1.0")
    assert vendor.seen() == before
    anyone = vendor.app.test_client()
    for address in (
        f"/firmware/{CODE}/1.1.0/b2-1.1.0.bin",
        f"/firmware/{CODE}/1.1.0/sbom.json",
        f"/targets/fw/{CODE}/1.1.0/b2-1.1.0.bin",
        f"/blob/sha256/{vendor.rows()[-1].artifact.sha256}",
    ):
        assert anyone.get(address).status_code == 404, address
    assert anyone.get(page_of("1.1.0")).status_code == 302
    assert "1.1.0" in log_in("egor").get("/en/staff/releases/").get_data(as_text=True)
    assert log_in("egor").get(page_of("1.1.0")).status_code == 200


def test_the_uploaders_own_sign_off_does_not_count(vendor: Vendor, log_in: LogIn) -> None:
    anna = log_in("anna")
    hand_in(anna, "1.1.0")
    answer = send(anna, "1.1.0", "sign-off")
    assert answer.status_code == 409
    assert "somebody else has to sign it off" in answer.get_data(as_text=True)
    assert vendor.rows()[-1].sign_offs == []


def test_one_sign_off_of_two_publishes_nothing(vendor: Vendor, log_in: LogIn) -> None:
    anna, boris = log_in("anna"), log_in("boris")
    hand_in(anna, "1.1.0")
    for _ in range(2):
        assert send(boris, "1.1.0", "sign-off").status_code == 302
    answer = send(boris, "1.1.0", "publish")
    assert answer.status_code == 409
    assert "1 of 2" in answer.get_data(as_text=True)
    assert vendor.versions() == ["1.0.0"]


def test_a_sign_off_taken_back_counts_no_longer(vendor: Vendor, log_in: LogIn) -> None:
    hand_in(log_in("anna"), "1.1.0")
    boris, vera = log_in("boris"), log_in("vera")
    press(boris, page_of("1.1.0"), "/sign-off")
    press(vera, page_of("1.1.0"), "/sign-off")
    assert has_button(vera, page_of("1.1.0"), "publish")
    press(boris, page_of("1.1.0"), "/take-back")
    assert not has_button(vera, page_of("1.1.0"), "publish")
    assert ("boris", "release.sign-off-withdraw") in vendor.audited()


def test_somebody_who_left_counts_no_longer(
    vendor: Vendor, log_in: LogIn, installation: Installation
) -> None:
    hand_in(log_in("anna"), "1.1.0")
    for login in ("boris", "vera"):
        press(log_in(login), page_of("1.1.0"), "/sign-off")
    with installation.database.writing() as session:
        users.disable(session, "boris", actor="test", now=now())
    assert send(log_in("vera"), "1.1.0", "publish").status_code == 409
    assert vendor.versions() == ["1.0.0"]


def test_an_edit_clears_the_sign_offs(vendor: Vendor, log_in: LogIn) -> None:
    anna, boris = log_in("anna"), log_in("boris")
    hand_in(anna, "1.1.0")
    press(boris, page_of("1.1.0"), "/sign-off")
    answer = edit(anna, "1.1.0", notes_en="Starts slower", channel="stable")
    assert answer.status_code == 302
    row = vendor.rows()[-1]
    assert (row.notes_en, row.sign_offs) == ("Starts slower", [])
    assert row.draft is not None
    assert row.draft.channel == "stable"


def test_a_sign_off_of_what_was_changed_meanwhile_is_refused(vendor: Vendor, log_in: LogIn) -> None:
    anna, boris = log_in("anna"), log_in("boris")
    hand_in(anna, "1.1.0")
    seen = {"revision": "1", "csrf_token": csrf(boris, page_of("1.1.0"))}
    edit(anna, "1.1.0", notes_en="Something else")
    answer = boris.post(page_of("1.1.0") + "/sign-off", data=seen)
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.get_data(as_text=True)
    assert vendor.rows()[-1].sign_offs == []


@pytest.mark.parametrize(
    ("version", "content", "typed", "words"),
    [
        ("1.1.0", image("1.2.0"), {}, "the image says 1.2.0"),
        ("1.1.0", image("1.1.0", "FP-C5"), {}, "the image says FP-C5"),
        ("0.9.0", None, {}, "does not rise"),
        ("1.1.0", None, {"notes_ru": ""}, "missing in Russian"),
        ("1.1.0", None, {"min_from": "1.0.5"}, "could not upgrade"),
    ],
)
def test_a_failing_check_is_shown_and_stops_the_sign_off(
    vendor: Vendor, log_in: LogIn, version: str, content: bytes | None, typed: dict[str, str],
    words: str,
) -> None:  # fmt: skip
    assert hand_in(log_in("anna"), version, content, **typed).status_code == 302
    boris = log_in("boris")
    assert words in boris.get(page_of(version)).get_data(as_text=True)
    assert not has_button(boris, page_of(version), "sign-off")
    assert send(boris, version, "sign-off").status_code == 409
    assert vendor.versions() == ["1.0.0"]


@pytest.mark.parametrize(
    ("content", "name", "typed"),
    [
        (image("1.1.0")[:-10], "b2.bin", {}),
        (image("1.1.0")[:100], "b2.bin", {}),
        (image("1.1.0")[:-1] + b"?", "b2.bin", {}),
        (image("1.1.0"), "a\x01b.bin", {}),
        (image("1.1.0"), "sbom.json", {}),
        (image("1.1.0"), "b2-1.0.0.bin", {}),
        (image("1.1.0"), "b2.bin", {"version": "1.0.0"}),
        (image("1.1.0"), "b2.bin", {"hardware": "Z"}),
        (image("1.1.0"), "b2.bin", {"channel": "nightly"}),
        (image("1.1.0"), "b2.bin", {"publish_at": "tomorrow"}),
        (image("1.1.0"), "b2.bin", {"publish_at": "2020-01-01T10:00"}),
        (image("1.1.0"), "b2.bin", {"sbom": (b"[]", "sbom.json")}),
    ],
)
def test_what_no_review_could_cure_is_refused_at_once(
    vendor: Vendor, log_in: LogIn, content: bytes, name: str, typed: dict[str, object]
) -> None:
    before = vendor.seen()
    answer = hand_in(log_in("anna"), content=content, name=name, **{"version": "1.1.0", **typed})
    assert answer.status_code in {409, 422}
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert [row.version for row in vendor.rows()] == ["1.0.0"]
    assert vendor.seen() == before


def test_a_cyrillic_name_is_one_name_however_it_was_typed(vendor: Vendor, log_in: LogIn) -> None:
    composed, decomposed = "Образ й.bin", "Образ \u0438\u0306.bin"
    anna = log_in("anna")
    assert hand_in(anna, "1.1.0", name=decomposed).status_code == 302
    assert vendor.rows()[-1].artifact.file_name == composed
    assert hand_in(anna, "1.2.0", name=composed).status_code == 409


def test_two_drafts_of_one_version_are_one_too_many(vendor: Vendor, log_in: LogIn) -> None:
    assert hand_in(log_in("anna"), "1.1.0").status_code == 302
    answer = hand_in(log_in("boris"), "1.1.0", name="other.bin")
    assert answer.status_code == 409
    assert "already exists" in answer.get_data(as_text=True)
    assert [row.version for row in vendor.rows()] == ["1.0.0", "1.1.0"]


def test_a_discarded_draft_leaves_its_version_and_name_free(vendor: Vendor, log_in: LogIn) -> None:
    anna = log_in("anna")
    hand_in(anna, "1.1.0", sbom=(io.BytesIO(CYCLONEDX), "sbom.json"))
    press(log_in("boris"), page_of("1.1.0"), "/sign-off")
    assert press(anna, page_of("1.1.0"), "/discard").status_code == 302
    assert [row.version for row in vendor.rows()] == ["1.0.0"]
    assert ("anna", "release.discard") in vendor.audited()
    assert anna.get(page_of("1.1.0")).status_code == 404
    assert hand_in(anna, "1.1.0").status_code == 302


def test_the_list_of_parts_travels_with_the_release(vendor: Vendor, log_in: LogIn) -> None:
    hand_in(log_in("anna"), "1.1.0", sbom=(io.BytesIO(CYCLONEDX), "sbom.json"))
    boris, anyone = log_in("boris"), vendor.app.test_client()
    shown = boris.get(page_of("1.1.0")).get_data(as_text=True)
    assert "CycloneDX 1.6" in shown
    assert "1 part" in shown
    assert boris.get(page_of("1.1.0") + "/sbom.json", buffered=True).data == CYCLONEDX
    assert anyone.get(f"/firmware/{CODE}/1.1.0/sbom.json").status_code == 404
    for login in ("boris", "vera"):
        press(log_in(login), page_of("1.1.0"), "/sign-off")
    assert press(boris, page_of("1.1.0"), "/publish").status_code == 302
    answer = anyone.get(f"/firmware/{CODE}/1.1.0/sbom.json", buffered=True)
    assert answer.data == CYCLONEDX
    assert answer.headers["Repr-Digest"]


def test_only_publishers_and_admins_decide(vendor: Vendor, log_in: LogIn) -> None:
    hand_in(log_in("anna"), "1.1.0")
    egor = log_in("egor")
    for action in ("sign-off", "take-back", "publish", "discard", "edit"):
        assert egor.post(page_of("1.1.0") + f"/{action}").status_code in {400, 403}
    page = egor.get(page_of("1.1.0")).get_data(as_text=True)
    assert 'action="' + page_of("1.1.0") not in page
    assert vendor.rows()[-1].is_draft


def test_stable_needs_sign_offs_too(vendor: Vendor, log_in: LogIn) -> None:
    vendor.publish("1.1.0", "testing")
    boris = log_in("boris")
    page = f"/en/staff/releases/{CODE}/1.1.0/promote/stable"
    assert not has_button(boris, page, "promote")
    address = f"/en/staff/releases/{CODE}/1.1.0/promote"
    form = {"channel": "stable", "csrf_token": csrf(boris, page)}
    assert boris.post(address, data=form).status_code == 409
    for login in ("boris", "vera"):
        assert press(log_in(login), page, "/sign-off").status_code == 302
    assert press(boris, page, "/promote").status_code == 302
    assert vendor.versions("stable") == ["1.1.0"]


@pytest.mark.parametrize("required", [0])
class TestASmallSite:
    def test_publishes_at_once(self, vendor: Vendor, log_in: LogIn) -> None:
        answer = hand_in(log_in("anna"), "1.1.0", sbom=(io.BytesIO(CYCLONEDX), "s.json"))
        assert answer.headers["Location"] == f"/en/staff/releases/{CODE}/1.1.0"
        assert vendor.versions() == ["1.1.0"]
        anyone = vendor.app.test_client()
        assert anyone.get(f"/firmware/{CODE}/1.1.0/sbom.json", buffered=True).data == CYCLONEDX

    def test_keeps_a_draft_when_asked_and_one_person_publishes_it(
        self, vendor: Vendor, log_in: LogIn
    ) -> None:
        anna = log_in("anna")
        hand_in(anna, "1.1.0", draft="1")
        assert vendor.versions() == ["1.0.0"]
        assert press(anna, page_of("1.1.0"), "/publish").status_code == 302
        assert vendor.versions() == ["1.1.0"]

    def test_a_draft_with_a_time_needs_nobody_else(
        self, vendor: Vendor, log_in: LogIn, installation: Installation
    ) -> None:
        hand_in(log_in("anna"), "1.1.0", publish_at=local_time(now() + timedelta(hours=1)))
        make_due(installation, "1.1.0")
        publish_due(installation)
        publish_due(installation)
        assert vendor.versions() == ["1.1.0"]


def test_the_job_leaves_alone_what_nobody_signed(
    vendor: Vendor, log_in: LogIn, installation: Installation
) -> None:
    hand_in(log_in("anna"), "1.1.0", publish_at=local_time(now() + timedelta(hours=1)))
    make_due(installation, "1.1.0")
    publish_due(installation)
    assert vendor.versions() == ["1.0.0"]
    assert vendor.rows()[-1].is_draft


def test_the_job_is_queued_for_the_time_of_a_draft(
    vendor: Vendor, log_in: LogIn, installation: Installation
) -> None:
    first, second = publish_time("2126-11-25T18:30"), publish_time("2126-11-26T18:30")
    anna, runner = log_in("anna"), Runner(installation, Workbook(work.HANDLERS))
    hand_in(anna, "1.1.0", publish_at=local_time(first))
    edit(anna, "1.1.0", publish_at=local_time(second))
    with installation.database.reading() as session:
        waiting = session.scalars(select(Job).where(Job.kind == drafts.PUBLISH_DUE)).all()
        assert [job.run_after for job in waiting] == [first, second]
    make_due(installation, "1.1.0")
    assert runner.run_due("the tests") == 0
    for login in ("boris", "vera"):
        press(log_in(login), page_of("1.1.0"), "/sign-off")
    assert runner.run_due("the tests") == 2
    assert vendor.versions() == ["1.1.0"]


def test_a_time_is_moscows_unless_it_says_otherwise() -> None:
    assert publish_time(" ") is None
    first, second = publish_time("2026-11-25T18:30"), publish_time("2026-11-25T15:30Z")
    assert first == second
    assert local_time(first) == "2026-11-25T18:30"


def publish_due(installation: Installation) -> None:
    """What the runner does each minute."""
    work.publish_due(QuietWork(0, {}, "schedule", installation))


class QuietWork(Work):
    def report(self, done: int, total: int | None, note: str = "") -> None:
        assert (done, total) == (1, 1), note


def make_due(installation: Installation, version: str) -> None:
    """Let the time of a draft come."""
    with installation.database.writing() as session:
        draft = drafts.get(session, CODE, version).draft
        assert draft is not None
        draft.publish_at = now() - timedelta(seconds=1)


def csrf(client: FlaskClient, page: str) -> str:
    text = client.get(page).get_data(as_text=True)
    return text.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def send(client: FlaskClient, version: str, action: str) -> TestResponse:
    """Post what a button would, whether the page shows it or not."""
    form = {"revision": "1", "csrf_token": csrf(client, page_of(version))}
    return client.post(f"{page_of(version)}/{action}", data=form)


def edit(client: FlaskClient, version: str, **typed: str) -> TestResponse:
    page = page_of(version) + "/edit"
    form = {"revision": "1", "csrf_token": csrf(client, page), "channel": "testing"}
    return client.post(page, data={**form, "notes_ru": "Новое", "notes_en": "New", **typed})
