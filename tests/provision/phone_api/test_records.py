"""What is on record of a visit, and what never is."""

from sqlalchemy import select, text

from provision import folding
from provision.models import CheckIn
from tests.provision import estate as estates
from tests.provision.estate import MAC, UNKNOWN, Estate
from tests.provision.phone_api.conftest import device
from tests.provision.phone_plane import ask


def test_a_proved_phone_says_what_it_runs_and_a_boot_loader_does_not(
    port: int, estate: Estate
) -> None:
    target = f"/p/{estate.token}/{MAC}.cfg"
    ask(port, target, f"User-Agent: {estate.agent('2.3.1')}")
    before = device(estate)
    assert (before.firmware, before.address) == ("2.3.1", "127.0.0.1")
    boot = estate.agent("1.0.9").replace("FlatPhone/", "FlatPhone-Boot/")
    ask(port, target, f"User-Agent: {boot}")
    assert device(estate).firmware == "2.3.1"
    ask(port, f"/p/{MAC}.cfg", f"User-Agent: {estate.agent('9.9.9')}")
    assert device(estate).firmware == "2.3.1"


def test_a_record_that_cannot_be_written_costs_no_phone_its_file(port: int, estate: Estate) -> None:
    image = estates.publish(estate.installation, "2.4.1")
    with estate.installation.database.writing() as session:
        session.execute(text("DROP TABLE check_in"))
    agent = f"User-Agent: {estate.agent('2.3.1')}"
    assert ask(port, f"/p/{MAC}.cfg").status == 200
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg", agent).status == 200
    assert ask(port, f"/p/{estate.token}/firmware", agent).body == image
    assert ask(port, "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img", agent).body == image


def test_no_record_holds_a_token(port: int, estate: Estate) -> None:
    ask(port, f"/p/{estate.token}/{MAC}.cfg")
    ask(port, f"/p/{estate.token}/{UNKNOWN}.cfg")
    ask(port, f"/p/{estate.token}/{MAC}.cfg")
    journal = [path.read_text() for path in (estate.installation.data_dir / "journal").iterdir()]
    assert journal
    assert estate.token not in "".join(journal)
    folding.reader_of(estate.installation).fold()
    with estate.installation.database.reading() as session:
        rows = list(session.scalars(select(CheckIn)))
    assert len(rows) == 3
    assert estate.token not in "".join(repr(vars(row)) for row in rows)
