import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from docs_store.cli import docs
from storage.installation import Installation
from storage.refusals import RefusedError
from tests.docs_store.manual import PDF


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    path = tmp_path / "Руководство Б2.pdf"
    path.write_bytes(PDF)
    return path


def run(installation: Installation, *arguments: object) -> Result:
    return CliRunner().invoke(docs, [str(a) for a in arguments], obj=lambda: installation)


def publish(installation: Installation, file: Path, *more: str) -> Result:
    said = ("--product", "FP-B2", "--kind", "manual", "--lang", "ru", "--title", "Руководство Б2")
    return run(installation, "publish", "b2-manual", file, *said, "--version", "1.2", *more)


def test_published_document_is_listed_shown_and_found(
    installation: Installation, manual: Path
) -> None:
    published = publish(
        installation, manual, "--applies-from", "2.3", "--applies-to", "2.4", "--json"
    )
    assert published.exit_code == 0, published.output
    edition = json.loads(published.stdout)
    assert (edition["file"], edition["applies_from"], edition["applies_to"]) == (
        "Руководство Б2.pdf",
        "2.3",
        "2.4",
    )
    assert edition["url"].startswith("/docs/b2-manual/ru/1.2/")
    shown = json.loads(run(installation, "show", "b2-manual", "--json").stdout)
    assert (shown["title_ru"], shown["products"]) == ("Руководство Б2", ["FP-B2"])
    assert [e["sha256"] for e in shown["editions"]] == [edition["sha256"]]
    (listed,) = json.loads(run(installation, "list", "--json").stdout)
    assert (listed["slug"], listed["languages"], listed["latest"]) == ("b2-manual", ["ru"], "1.2")
    assert json.loads(run(installation, "search", "руководство", "--json").stdout) == [listed]
    assert json.loads(run(installation, "search", "прошивка", "--json").stdout) == []


def test_people_get_a_table_and_a_line(installation: Installation, manual: Path) -> None:
    published = publish(installation, manual)
    assert published.stderr == "Edition 1.2 (ru) of b2-manual is published.\n"
    assert published.stdout == ""
    assert "Руководство Б2" in run(installation, "list").stdout
    shown = run(installation, "show", "b2-manual").stdout
    assert "FP-B2" in shown
    assert "1.2" in shown


def test_same_command_again_succeeds(installation: Installation, manual: Path) -> None:
    assert publish(installation, manual).exit_code == 0
    assert publish(installation, manual).exit_code == 0


def test_refusal_comes_before_the_file_is_stored(installation: Installation, manual: Path) -> None:
    refused = publish(installation, manual, "--product", "FP-X9")
    assert isinstance(refused.exception, RefusedError)
    stored = [path for path in (installation.data_dir / "blobs").rglob("*") if path.is_file()]
    assert stored == []


def test_wrong_usage_exits_with_2(installation: Installation) -> None:
    usages = (("publish", "b2"), ("publish", "b2", "missing.pdf"), ("show",), ("search",))
    assert {run(installation, *arguments).exit_code for arguments in usages} == {2}


def test_unknown_document_is_refused(installation: Installation) -> None:
    assert isinstance(run(installation, "show", "none").exception, RefusedError)
