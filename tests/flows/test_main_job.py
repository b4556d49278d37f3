"""The main job end to end: the demo's phones, a read, a warranty line, a second start."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from firmware.images import build_image
from portal.installing import database_of, open_installation
from portal.settings import Settings
from tests.served import Served, serving
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)

CUT_PHONE = "02f1a7000001"
TWO_STEP_PHONE = "02f1a7000002"
ADDRESS = "127.0.77.1"


def phone(demo: Served, mac: str) -> dict[str, object]:
    return next(row for row in demo.flatpro_json("device", "list") if row["mac"] == mac)


def test_all_twelve_phones_run_the_release_they_were_due(demo: Served) -> None:
    running = {row["mac"]: row["firmware"] for row in demo.phones_at_first}
    assert len(running) == 12
    assert set(running.values()) == {"2.4.1", "3.1.0", "1.2.0", "1.0.4"}
    assert running[TWO_STEP_PHONE] == "2.4.1"


def test_every_phone_has_checked_in(demo: Served) -> None:
    assert all(row["last_check_in"] for row in demo.phones_at_first)


def test_a_phone_is_read_over_snmp_and_over_http(demo: Served) -> None:
    read = json.loads(demo.flatpro("device", "read", ADDRESS, "--json"))
    text = json.dumps(read)
    known = phone(demo, CUT_PHONE)
    assert '"snmp"' in text
    assert '"http"' in text
    for field in ("serial", "product", "hardware", "mac", "firmware"):
        assert text.count(str(known[field])) >= 2, field


def test_a_phone_that_is_asked_over_sip_fetches_at_once(demo: Served) -> None:
    before = phone(demo, CUT_PHONE)["last_check_in"]
    asked = json.loads(demo.flatpro("device", "resync", CUT_PHONE, "--json"))
    assert [one["state"] for one in asked["results"]] == ["accepted"]
    # It accepted, and fetches.
    until(lambda: phone(demo, CUT_PHONE)["last_check_in"] != before, within_s=60)


@pytest.mark.parametrize("way", ["snmp", "http"])
def test_each_way_alone_reads_the_serial(demo: Served, way: str) -> None:
    said = demo.flatpro("device", "read", ADDRESS, "--via", way)
    assert str(phone(demo, CUT_PHONE)["serial"]) in said


def test_a_sold_phone_is_covered_and_each_rule_is_named(demo: Served) -> None:
    said = demo.flatpro("warranty", str(phone(demo, CUT_PHONE)["serial"]))
    for word in ("Covered", "W-1", "W-2", "W-3", "УПД № 1001"):
        assert word in said


def test_an_unknown_handover_is_not_established(demo: Served) -> None:
    said = demo.flatpro("warranty", str(phone(demo, "02f1a7000004")["serial"])).lower()
    assert "not established" in said


def test_a_contract_of_three_years_covers_what_the_general_rule_would_not(demo: Served) -> None:
    said = demo.flatpro("warranty", str(phone(demo, "02f1a7000005")["serial"]))
    for word in ("Covered", "W-4", "36", "Д-2025/17"):
        assert word in said


def test_an_old_sale_is_not_covered(demo: Served) -> None:
    said = demo.flatpro("warranty", str(phone(demo, TWO_STEP_PHONE)["serial"]))
    assert "Not covered" in said


def test_an_unknown_serial_is_one_line_and_exit_1(demo: Served) -> None:
    done = demo.flatpro_process(["warranty", "FP0000XX000000"])
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_person_downloads_resumes_and_checks_an_image_with_curl(
    demo: Served, tmp_path: Path
) -> None:
    entry = json.loads(demo.get("/manifest.json"))["products"][0]["channels"]["stable"]
    target = tmp_path / str(entry["file"])
    url = demo.public + str(entry["url"])
    subprocess.run(["curl", "-sf", "-r", "0-999999", "-o", target, url], check=True)
    subprocess.run(["curl", "-sf", "-C", "-", "-o", target, url], check=True)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == entry["sha256"]


def test_debians_minisign_accepts_the_published_lists(demo: Served, tmp_path: Path) -> None:
    if shutil.which("minisign") is None:
        pytest.skip("minisign is not installed (apt-get install minisign)")
    (tmp_path / "key.pub").write_bytes(demo.get("/keys/minisign.pub"))
    for name in ("stable/manifest.json", "testing/manifest.json", "manifest.json", "SHA256SUMS"):
        file = tmp_path / name.replace("/", "-")
        file.write_bytes(demo.get(f"/firmware/FP-B2/{name}"))
        Path(f"{file}.minisig").write_bytes(demo.get(f"/firmware/FP-B2/{name}.minisig"))
        verified = subprocess.run(
            ["minisign", "-Vm", file, "-p", tmp_path / "key.pub"], capture_output=True, check=False
        )
        assert verified.returncode == 0, name


def test_a_cyrillic_document_keeps_its_name(demo: Served, tmp_path: Path) -> None:
    documents = json.loads(demo.get("/manifest.json"))["documents"]
    url = next(d["url"] for d in documents if d["slug"] == "c5-manual")
    subprocess.run(
        ["wget", "-q", "--content-disposition", demo.public + url], cwd=tmp_path, check=True
    )
    assert [path.name for path in tmp_path.iterdir()] == [
        "Руководство пользователя Flat Phone C5.pdf"
    ]


def test_a_new_release_reaches_the_phones_and_the_readings_tell(
    demo: Served, tmp_path: Path
) -> None:
    """Publish, promote, resync by waiting for nothing: the phone is told by a changed file."""
    image = tmp_path / "fp-r1-1.0.5.bin"
    image.write_bytes(build_image("FP-R1", "1.0.5", ["A"], b"r1" * 1000))
    before = demo.flatpro("device", "read", "127.0.77.12", "--via", "snmp")
    demo.flatpro("firmware", "publish", "FP-R1", "1.0.5", str(image), "--channel", "testing")
    demo.flatpro("firmware", "promote", "FP-R1", "1.0.5", "stable")
    assert "1.0.4" in before
    listed = json.loads(demo.get("/firmware/FP-R1/stable/manifest.json"))
    assert listed["releases"][0]["version"] == "1.0.5"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("product", "show", "FP-NONE"), "FP-NONE"),
        (("firmware", "list", "FP-NONE"), "FP-NONE"),
        (("firmware", "promote", "FP-B2", "9.9", "stable"), "9.9"),
        (("firmware", "promote", "FP-B2", "2.4.1", "nightly"), "nightly"),
        (("device", "show", "02:00:zz"), "02:00:zz"),
        (("device", "add", "--mac", "junk", "--product", "FP-B2"), "junk"),
        (("token", "issue", "nobody", "--name", "x"), "nobody"),
    ],
)
def test_a_refused_command_is_one_line_with_exit_1(
    demo: Served, arguments: tuple[str, ...], word: str
) -> None:
    done = demo.flatpro_process(arguments)
    assert done.returncode == 1
    assert word in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_bad_images_are_refused_and_change_nothing(demo: Served, tmp_path: Path) -> None:
    good = build_image("FP-B2", "9.0.0", ["A", "B"], b"x" * 5000)
    listed = demo.get("/firmware/FP-B2/manifest.json")
    for name, body, version in (
        ("cut.bin", good[:-100], "9.0.0"),
        ("short.bin", good[:100], "9.0.0"),
        ("other.bin", good, "9.0.1"),
        ("old.bin", build_image("FP-B2", "1.0.0", ["A"], b"x"), "1.0.0"),
        ("wrong.bin", build_image("FP-C5", "9.0.0", ["A"], b"x"), "9.0.0"),
        ("flipped.bin", good[:-1] + b"y", "9.0.0"),
    ):
        (tmp_path / name).write_bytes(body)
        done = demo.flatpro_process(["firmware", "publish", "FP-B2", version, str(tmp_path / name)])
        assert (name, done.returncode) == (name, 1)
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert demo.get("/firmware/FP-B2/manifest.json") == listed


def test_a_port_in_use_is_one_clear_line(demo: Served) -> None:
    taken = demo.environ["FLATPRO_PORT"]
    done = demo.flatpro_process(["serve"])
    assert done.returncode == 1
    assert taken in done.stderr
    assert "FLATPRO_PORT" in done.stderr


def test_the_second_start_keeps_the_data_and_is_quick(tmp_path: Path) -> None:
    settings = {"FLATPRO_DEMO": "0"}
    with serving(tmp_path / "data", **settings) as first:
        first.flatpro("product", "add", "FP-Q1", "--name-ru", "Ку", "--name-en", "Q")
    with serving(tmp_path / "data", **settings) as second:
        assert [row["code"] for row in second.flatpro_json("product", "list")] == ["FP-Q1"]


def test_an_empty_start_shows_what_to_do_first(tmp_path: Path) -> None:
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as empty:
        assert "Изделий пока нет" in empty.get("/downloads/").decode()
        assert json.loads(empty.get("/manifest.json")) == {"products": [], "documents": []}
        assert empty.flatpro_json("device", "list") == []


def test_a_database_newer_than_the_program_is_refused(tmp_path: Path) -> None:

    settings = Settings(data_dir=tmp_path / "data", demo=False)
    open_installation(settings).database.dispose()
    database = database_of(settings)
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    served = Served(
        "", "", tmp_path, {"PATH": "/usr/bin", "FLATPRO_DATA_DIR": str(tmp_path / "data")}
    )
    done = served.flatpro_process(["product", "list"])
    assert done.returncode == 1
    assert "9999" in done.stderr


def test_a_killed_server_leaves_nothing_behind_and_starts_again(tmp_path: Path) -> None:
    """kill -9 of the one process that people see: its children end, the data is whole."""
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as first:
        first.flatpro("product", "add", "FP-Q1", "--name-ru", "Ку", "--name-en", "Q")
        first.kill()
        until(lambda: not answers(first.phones))
        ports = {name: first.environ[name] for name in ("FLATPRO_PORT", "FLATPRO_PHONE_PORT")}
    with serving(tmp_path / "data", FLATPRO_DEMO="0", **ports) as second:
        assert [row["code"] for row in second.flatpro_json("product", "list")] == ["FP-Q1"]


def answers(address: str) -> bool:
    host, port = address.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def test_the_first_publication_of_the_readme_works_as_written(tmp_path: Path) -> None:
    """Every line of README's blocks, typed as it stands, against a server without the demo."""
    text = Path("README.md").read_text(encoding="utf-8")
    section = text.split("## Publish the first firmware")[1].split("## ")[0]
    blocks = section.split("```")[1::2]
    commands = [block for block in blocks if not block.startswith("python")]
    (program,) = (block.removeprefix("python") for block in blocks if block.startswith("python"))
    (tmp_path / "bin").mkdir()
    flatpro = tmp_path / "bin" / "flatpro"
    flatpro.write_text(f'#!/bin/sh\nexec {sys.executable} -m portal.cli "$@"\n')
    flatpro.chmod(0o755)
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        environ = {**served.environ, "PYTHONPATH": str(Path.cwd())}
        environ["PATH"] = f"{tmp_path / 'bin'}:{environ['PATH']}"

        def typed(command: list[str], written: str, folder: Path) -> str:
            script = written.replace("http://127.0.0.1:8080", served.public)
            done = subprocess.run(
                [*command, script.replace("$PWD/.venv/bin:", "")],
                cwd=folder,
                env=environ,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        shell = ["bash", "-euo", "pipefail", "-c"]
        assert "fp-z9-1.0.0.bin: OK" in typed(shell, "\n".join(commands), tmp_path)
        (root_fetch,) = re.findall(r"`(curl -O [^`]*root\.json)`", section)
        typed(shell, root_fetch, tmp_path / "check")
        taken = typed([sys.executable, "-c"], program, tmp_path / "check").strip()
        image = tmp_path / "check" / "fp-z9-1.0.0.bin"
        assert (tmp_path / "check" / taken).read_bytes() == image.read_bytes()
