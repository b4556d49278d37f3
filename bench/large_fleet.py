"""Pages of staff over 1,000,000 devices, on SQLite and, where it is installed, on PostgreSQL.

Each figure is the best of some rounds, in ms on the server: what else the machine does is not
what is measured.
"""

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import insert, text

from accounts.models import Organisation, OrganisationKind, Site
from bench.profiling import profiled
from catalogue.models import Product
from portal import first_start, logs
from portal.app import PAGES, create_app
from portal.installing import open_installation
from portal.settings import Settings
from provision.devices.models import Device
from storage.db import Database
from tests.postgres import Postgres, find_pg_ctl

DEVICES = 1_000_000
SITES = 200
ROUNDS = 5
AIM_MS = 50
PASSWORD = "Bench-only-1234567"
SEARCHES: Mapping[str, str] = {
    "list": "",
    "list, the 200th page": "?page=200",
    "by serial": "?q=FP2546B20500000",
    "by the beginning of a serial": "?q=FP2546B20",
    "by MAC": "?q=02:F1:A8:07:A1:20",
    "by the beginning of a MAC": "?q=02f1a807",
    "by address": "?q=10.7.161.32",
    "by site": "?q=Site 117",
    "of a site": "?site=Site 117",
    "of a product": "?product=FP-BENCH",
    "newest check-ins first": "?sort=last_check_in&order=desc",
    "by the end of a serial": "?q=0500000",
    "by the end of a MAC": "?q=7a120",
    "by what nothing is called": "?q=4711-0815",
}


def rows(product_id: int, revision: str) -> Iterator[dict[str, object]]:
    at = datetime.now(UTC)
    for number in range(DEVICES):
        yield {
            "mac": f"02f1a8{number:06x}",
            "serial": f"FP2546B2{number:07}",
            "serial_raw": "",
            "product_id": product_id,
            "hardware": revision,
            "site_id": 1 + number % SITES,
            "organisation_id": 1,
            "group_name": "",
            "firmware": "2.3.1",
            "last_check_in_at": at,
            "address": f"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}",
            "channel": "stable",
            "created_at": at,
        }


def fill(database: Database) -> None:
    """A million devices of one product at 200 sites of one customer."""
    with database.writing() as session:
        session.add(Product(code="FP-BENCH", name_ru="Bench", name_en="Bench"))
        session.add(Organisation(id=1, name="Bench", kind=OrganisationKind.CUSTOMER))
        session.flush()
        for number in range(1, SITES + 1):
            session.add(Site(id=number, name=f"Site {number}", organisation_id=1))
        session.flush()
        batch: list[dict[str, object]] = []
        for row in rows(1, "A"):
            batch.append(row)
            if len(batch) == 10_000:
                session.execute(insert(Device.__table__), batch)
                batch.clear()
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def signed_in(client: FlaskClient) -> FlaskClient:
    page = client.get("/login").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    form = {"login": "admin", "password": PASSWORD, "csrf_token": found[1]}
    assert client.post("/login", data=form).status_code == 302
    return client


def best_ms(client: FlaskClient, address: str) -> float:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = client.get(address)
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
    return min(took)


def measure(settings: Settings) -> None:
    place = open_installation(settings)
    logs.configure(settings.data_dir / "bench.log")
    first_start.ensure_admin(place, settings)
    begun = time.perf_counter()
    fill(place.database)
    kind = place.database.url.get_backend_name()
    print(
        f"\nPages over {DEVICES:,} devices on {kind}, filled in {time.perf_counter() - begun:.0f} s"
    )
    client = signed_in(create_app(place, settings, PAGES).test_client())
    for name, query in SEARCHES.items():
        took = best_ms(client, f"/staff/devices/{query}")
        print(f"{name:<30} {took:>7.1f} ms {'' if took <= AIM_MS else f'(aim {AIM_MS})'}")
    # With the waiting for a server's answer, as the figures above.
    with profiled(f"these pages on {kind}", time.perf_counter):
        for query in SEARCHES.values():
            client.get(f"/staff/devices/{query}")
    place.database.dispose()


def main() -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        settings = Settings(data_dir=folder / "data", demo=False, admin_password=PASSWORD)
        measure(settings)
        if find_pg_ctl() is None:
            sys.stderr.write("PostgreSQL is not installed: its figures are left out\n")
            return
        server = running.enter_context(closing(Postgres.start(folder / "postgresql")))
        measure(settings.model_copy(update={"database_url": server.url(server.create_database())}))


if __name__ == "__main__":
    main()
