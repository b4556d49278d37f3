"""Configuration fetches with 1,000,000 phones in the database against 1,000, by the same 1,000."""

import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench import kept_phones, storm
from bench.configurations import phones_process
from bench.fetching import Fetcher
from bench.processes import free_port, running
from portal.installing import open_installation
from portal.settings import Settings

FEW, MANY, ROUNDS = 1_000, 1_000_000, 5
SERVER_CORE, CLIENT_CORE = 0, 1


def main() -> None:
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as name, ExitStack() as started:
        fetcher = Fetcher.built(Path(name), CLIENT_CORE)
        served: list[tuple[int, int, storm.Asked]] = []
        for number in (FEW, MANY):
            port, data = free_port(), Path(name) / str(number)
            settings = Settings(data_dir=data, demo=False, phone_port=port)
            place = open_installation(settings)
            phones = kept_phones.fill(place, settings, number, FEW)
            place.database.dispose()
            environ = {
                "FLATPRO_DATA_DIR": str(data),
                "FLATPRO_PHONE_PORT": str(port),
                "FLATPRO_PORT": str(free_port()),
                "FLATPRO_DEMO": "0",
            }
            command = [sys.executable, "-m", "portal.cli", "serve"]
            product = running(command, port, core=SERVER_CORE, environ=environ)
            pid = phones_process(started.enter_context(product))
            served.append((pid, port, storm.asked(phones[:FEW])))
        figures: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for own, (pid, port, asked) in zip(figures, served, strict=True):
                own.append(storm.cpu_us(fetcher, pid, port, asked))
                time.sleep(3)
    few, many = (statistics.median(own) for own in figures)
    print(
        f"\nConfiguration fetches by 1,000 phones, 64 at once, {ROUNDS} rounds, SQLite\n"
        f"{FEW:,} phones known: {few:.0f} CPU us   {MANY:,} known: {many:.0f} CPU us\n"
        f"ratio: {many / few:.2f} x"
    )


if __name__ == "__main__":
    main()
