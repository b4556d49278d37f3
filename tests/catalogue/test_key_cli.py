"""The commands of keys and metadata, as people type them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from storage.installation import Installation
from tests.catalogue.vendor import CODE, Vendor

PEOPLE = {
    "root": ("olga", "ivan", "petr"),
    "air-gap-root": ("olga2", "ivan2", "petr2"),
    "targets": ("vera", "lev"),
    "firmware": ("build", "qa"),
}


@pytest.fixture
def backend() -> str:
    """The rows are tested on both databases; this is about the terminal."""
    return "sqlite"


class Terminal:
    """`flatpro …` on one installation."""

    def __init__(self, installation: Installation | None, folder: Path) -> None:
        self.installation = installation
        self.folder = folder

    def __call__(self, *words: str, typed: str = "", fails: bool = False) -> Result:
        opener = lambda: self.installation  # noqa: E731 - what the program hands its commands
        result = CliRunner().invoke(main, words, obj=opener, input=typed)
        assert (result.exit_code != 0) == fails, result.output
        return result

    def file(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture
def flatpro(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    # The program's group puts its own opener in place of ours: this is the seam.
    monkeypatch.setattr("portal.cli._opener", lambda: lambda: installation)
    return Terminal(installation, tmp_path)


@pytest.fixture
def hired(flatpro: Terminal) -> Terminal:
    """Everybody has a key on a machine of their own, and the server has their public keys."""
    for names in PEOPLE.values():
        for name in names:
            flatpro("keys", "new", name, "--folder", str(flatpro.folder), typed="\n")
    flatpro("keys", "new", "statement", "--folder", str(flatpro.folder), "--statement")
    options = [
        word
        for purpose, names in PEOPLE.items()
        for name in names
        for word in (f"--{purpose}", flatpro.file(f"{name}.pub"))
    ]
    flatpro("keys", "init", *options, "--statement-key", flatpro.file("statement.pub"))
    return flatpro


def test_local_keys_are_listed_with_their_place(flatpro: Terminal) -> None:
    assert "set up" in flatpro("keys", "init").output
    rows = json.loads(flatpro("keys", "list", "--json").stdout)
    assert len(rows) == 15
    assert all(row["here"] and row["to_sign"] == [] for row in rows)
    assert {row["purpose"] for row in rows} >= {"root", "air-gap-root", "firmware", "docs"}
    assert flatpro("keys", "init", fails=True).exit_code == 1


def test_mode_offline_asks_for_everybody(flatpro: Terminal) -> None:
    flatpro("keys", "new", "olga", "--folder", str(flatpro.folder), typed="\n")
    refused = flatpro("keys", "init", "--root", flatpro.file("olga.pub"), fails=True)
    assert "--firmware ×2" in refused.output
    assert "--root ×3" in refused.output
    assert json.loads(flatpro("keys", "list", "--json").stdout) == []


def test_a_whole_ceremony_by_command(hired: Terminal, vendor: Vendor) -> None:
    request = hired.file("request.json")
    hired("metadata", "verify", fails=True)
    hired("metadata", "export", request)
    for name in ("olga", "petr", "olga2", "ivan2", "vera", "lev"):
        hired("keys", "sign", "--request", request, "--key", hired.file(f"{name}.pem"), "--yes")
    assert "root: signed by olga" in hired("metadata", "import", request).output
    hired("metadata", "verify")

    vendor.publish("1.0.0", CODE)
    to_sign = {
        row["name"]: row["to_sign"]
        for row in json.loads(hired("keys", "list", "--json").stdout)
        if row["to_sign"]
    }
    assert to_sign == {
        "vera": ["targets"], "lev": ["targets"], "build": ["fw-FP-B2"], "qa": ["fw-FP-B2"],
    }  # fmt: skip
    for name in ("vera", "lev", "build"):
        hired("keys", "sign", "--key", hired.file(f"{name}.pem"), "--yes")
    shown = hired(
        "keys", "sign", "--key", hired.file("qa.pem"),
        "--statement-key", hired.file("statement.pem"), typed="y\n",
    )  # fmt: skip
    assert "+ fw/FP-B2/1.0.0/FP-B2-1.0.0.bin" in shown.output
    assert '"version":"1.0.0"' in shown.output
    assert "fw/FP-B2/1.0.0/FP-B2-1.0.0.bin is published" in shown.output
    assert "1 targets" in hired("metadata", "verify", "--bytes").output


def test_saying_no_signs_nothing(hired: Terminal) -> None:
    hired("keys", "sign", "--key", hired.file("olga.pem"), typed="n\n", fails=True)
    rows = json.loads(hired("keys", "list", "--json").stdout)
    assert next(row["to_sign"] for row in rows if row["name"] == "olga") == ["root"]


def test_signing_needs_some_key(hired: Terminal) -> None:
    assert hired("keys", "sign", fails=True).exit_code == 2


def test_rotation_by_command(flatpro: Terminal, vendor: Vendor) -> None:
    vendor.publish("1.0.0")
    flatpro("keys", "rotate", "snapshot", "timestamp")
    flatpro("keys", "rotate", "root")
    rows = {row["name"]: row for row in json.loads(flatpro("keys", "list", "--json").stdout)}
    retired = {name for name, row in rows.items() if row["retired_at"]}
    assert retired == {"snapshot-1", "timestamp-1", "root-1"}
    assert not any(rows[name]["here"] for name in retired)
    assert rows["root-4"]["here"]
    verified = json.loads(flatpro("metadata", "verify", "--json").stdout)
    assert next(r["version"] for r in verified if (r["view"], r["role"]) == ("online", "root")) == 3


def test_rotation_of_keys_that_are_elsewhere_says_what_to_do(hired: Terminal) -> None:
    refused = hired("keys", "rotate", "firmware", fails=True)
    assert "--retire" in refused.output
    hired("keys", "new", "qa2", "--folder", str(hired.folder), typed="\n")
    waiting = hired("keys", "rotate", "firmware", "--retire", "qa", "--add", hired.file("qa2.pub"))
    assert "waits for signatures" in waiting.output
    both = ("root", "targets", "--retire", "olga")
    assert hired("keys", "rotate", *both, fails=True).exit_code == 2


def test_metadata_is_refreshed_by_command(flatpro: Terminal, vendor: Vendor) -> None:
    assert "fresh" in flatpro("metadata", "refresh").output
    path = vendor.publish("1.0.0")
    assert path
    flatpro("metadata", "refresh", "--all")
    rows = json.loads(flatpro("metadata", "verify", "--json").stdout)
    assert len(rows) == 6 + 2 + 32 + 1
    assert not any(row["alarm"] for row in rows)


def test_bytes_that_rot_are_found(flatpro: Terminal, vendor: Vendor) -> None:
    vendor.publish("1.0.0")
    store = vendor.installation.data_dir / "blobs"
    (blob,) = (path for path in store.glob("*/*") if path.is_file())
    blob.chmod(0o644)
    body = blob.read_bytes()
    blob.write_bytes(body[:-1] + b"!")
    flatpro("metadata", "verify")
    refused = flatpro("metadata", "verify", "--bytes", fails=True)
    assert "its bytes are damaged" in refused.output
