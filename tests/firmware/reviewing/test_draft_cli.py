import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from firmware import cli
from storage.installation import Installation
from storage.refusals import RefusedError
from tests.firmware.reviewing.review import CODE, Vendor, image

Run = Callable[..., Result]


@pytest.fixture
def run(installation: Installation, vendor: Vendor, tmp_path: Path) -> Run:
    """Runs a command on the installation; a refusal is its exception."""
    assert vendor.versions() == ["1.0.0"]
    (tmp_path / "b2.bin").write_bytes(image("1.1.0"))
    (tmp_path / "notes").write_text("Новое, new", encoding="utf-8")
    groups = click.Group(commands=list(cli.COMMANDS))

    def ran(*arguments: str) -> Result:
        words = [str(tmp_path / word[1:]) if word.startswith("@") else word for word in arguments]
        return CliRunner().invoke(groups, words, obj=lambda: installation)

    return ran


NOTED = ("--notes-ru", "@notes", "--notes-en", "@notes")


def refusal(done: Result) -> str:
    assert isinstance(done.exception, RefusedError), done.output
    return done.exception.code


def test_publish_makes_a_draft_and_says_who_must_sign_off(vendor: Vendor, run: Run) -> None:
    done = run("firmware", "publish", CODE, "1.1.0", "@b2.bin", *NOTED)
    assert done.exit_code == 0, done.output
    for words in ("is a draft", "needs 2 sign-offs", "anna, boris, vera"):
        assert words in done.stderr
    assert vendor.versions() == ["1.0.0"]
    (draft,) = json.loads(run("firmware", "drafts", "--json").stdout)
    assert (draft["state"], draft["sound"], draft["required"]) == ("draft", True, 2)
    checks = json.loads(run("firmware", "checks", CODE, "1.1.0", "--json").stdout)
    assert {check["result"] for check in checks} == {"passed", "attention"}


def test_a_draft_is_signed_off_and_published_by_commands(vendor: Vendor, run: Run) -> None:
    run("firmware", "draft", CODE, "1.1.0", "@b2.bin", *NOTED, "--by", "anna")
    assert refusal(run("firmware", "publish-draft", CODE, "1.1.0")) == "sign-offs-missing"
    assert refusal(run("firmware", "sign-off", CODE, "1.1.0", "--by", "anna")) == "own-sign-off"
    assert refusal(run("firmware", "sign-off", CODE, "1.1.0", "--by", "egor")) == "may-not-sign-off"
    for login in ("boris", "vera"):
        assert run("firmware", "sign-off", CODE, "1.1.0", "--by", login).exit_code == 0
    assert run("firmware", "publish-draft", CODE, "1.1.0").exit_code == 0
    assert vendor.versions() == ["1.1.0"]
    assert refusal(run("firmware", "promote", CODE, "1.1.0", "stable")) == "sign-offs-missing"
    for login in ("boris", "vera"):
        run("firmware", "sign-off", CODE, "1.1.0", "--by", login, "--stable")
    assert run("firmware", "promote", CODE, "1.1.0", "stable").exit_code == 0
    assert vendor.versions("stable") == ["1.1.0"]


def test_a_draft_is_changed_and_discarded_by_commands(vendor: Vendor, run: Run) -> None:
    run("firmware", "draft", CODE, "1.1.0", "@b2.bin", "--publish-at", "2126-01-01T10:00")
    run("firmware", "edit-draft", CODE, "1.1.0", "--channel", "stable", "--publish-at", "", *NOTED)
    (draft,) = json.loads(run("firmware", "drafts", "--json").stdout)
    assert (draft["channel"], draft["publish_at"], draft["sound"]) == ("stable", None, True)
    assert run("firmware", "discard", CODE, "1.1.0").exit_code == 0
    assert json.loads(run("firmware", "drafts", "--json").stdout) == []
    assert [row.version for row in vendor.rows()] == ["1.0.0"]


def test_a_draft_is_no_unknown_persons(run: Run) -> None:
    done = run("firmware", "draft", CODE, "1.1.0", "@b2.bin", "--by", "nobody")
    assert isinstance(done.exception, RefusedError)


def test_software_is_reviewed_by_commands(vendor: Vendor, run: Run) -> None:
    titles = ("--title-ru", "Утилита", "--title-en", "Utility")
    assert run("software", "publish", CODE, "1.0", "@b2.bin", *titles).exit_code == 0
    assert refusal(run("software", "publish-draft", CODE, "1.0", "b2.bin")) == "sign-offs-missing"
    for login in ("boris", "vera"):
        assert run("software", "sign-off", CODE, "1.0", "b2.bin", "--by", login).exit_code == 0
    assert run("software", "publish-draft", CODE, "1.0", "b2.bin").exit_code == 0
    (row,) = json.loads(run("software", "list", "--json").stdout)
    assert row["state"] == "published"
    address = vendor.app.test_client().get(row["url"], buffered=True)
    assert address.data == image("1.1.0")
    assert run("software", "withdraw", CODE, "1.0", "b2.bin", "--reason", "Old").exit_code == 0
