"""`python -m simulator --fleet FILE`: run a fleet of phones until told to stop.

One line an event on stdout; what is wrong around the phones on stderr.
"""

import argparse
import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.fleet import Fleet, clock_line
from simulator.fleet_file import FleetPlan, load_fleet, readable_by_others
from simulator.fleet_state import state_path
from simulator.refusal import RefusedError


@dataclass(frozen=True)
class RunOptions:
    """How long to run: until every phone settled or until stopped; times in seconds."""

    until_settled: bool = False
    settle_timeout_s: float = 60.0
    settled_file: Path | None = None
    exit_when_settled: bool = False
    stop_at_eof: bool = False


async def run_fleet(plan: FleetPlan, state_file: Path, options: RunOptions) -> int:
    """Run a fleet until SIGTERM or SIGINT; the exit status: 0, or 1 for phones that are not well.

    Only a run that ends when settled can be 1.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.stop_at_eof:
        _stop_at_eof(loop, stop)
    fleet = Fleet(plan, state_file, say=_say, warn=_warn)
    waiting = asyncio.create_task(stop.wait())
    try:
        await fleet.start()
        settling = asyncio.create_task(_settle(fleet, options))
        await asyncio.wait({waiting, settling}, return_when=asyncio.FIRST_COMPLETED)
        if settling.done():
            status = settling.result()
            if options.exit_when_settled:
                return status
        await waiting
        settling.cancel()
        return 0
    finally:
        waiting.cancel()
        await fleet.stop()


def _stop_at_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when standard input ends: whoever started us holds its other end and died."""
    descriptor = sys.stdin.fileno()

    def read() -> None:
        if not os.read(descriptor, 1024):
            loop.remove_reader(descriptor)
            stop.set()

    loop.add_reader(descriptor, read)


async def _settle(fleet: Fleet, options: RunOptions) -> int:
    """Tell when the phones have settled; endless where nobody asked."""
    if not options.until_settled:
        await asyncio.Event().wait()
    verdict = await fleet.settled(options.settle_timeout_s)
    _say(clock_line(verdict.line))
    if options.settled_file is not None:
        # Whole at once: whoever waits for the file reads it as soon as it is there.
        written = options.settled_file.with_suffix(".part")
        written.write_text("".join(f"{line}\n" for line in fleet.taken), "utf-8")
        written.replace(options.settled_file)
    return 0 if verdict.good else 1


def _say(line: str) -> None:
    # The reader of the pipe may have gone; the phones live on.
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _warn(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stderr.write(f"simulator: {line}\n")
        sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--fleet", type=Path, required=True, metavar="FILE", help="the fleet file")
    parser.add_argument(
        "--time-scale", type=float, metavar="X", help="phone seconds in one of ours"
    )
    parser.add_argument(
        "--until-settled",
        action="store_true",
        help="say when every phone ended its first visit",
    )
    parser.add_argument("--settle-timeout", type=float, default=60.0, metavar="S")
    parser.add_argument(
        "--settled-file",
        type=Path,
        metavar="PATH",
        help="made once the phones have settled, with a line for each port that was taken",
    )
    parser.add_argument("--exit-when-settled", action="store_true")
    parser.add_argument("--stop-at-eof", action="store_true", help="stop when standard input ends")
    return parser


def _options(given: argparse.Namespace) -> RunOptions:
    watched = given.until_settled or given.exit_when_settled or given.settled_file is not None
    return RunOptions(
        watched,
        given.settle_timeout,
        given.settled_file,
        given.exit_when_settled,
        given.stop_at_eof,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 done, 1 refused or phones not well, 2 wrong usage."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.time_scale is not None and given.time_scale <= 0:
        parser.error("--time-scale is above 0")
    options = _options(given)
    try:
        plan = load_fleet(given.fleet)
        if readable_by_others(given.fleet):
            _warn(f"{given.fleet} holds secrets and others may read it (chmod 600)")
        if given.time_scale is not None:
            plan = replace(plan, time_scale=given.time_scale)
        if options.settled_file is not None:
            options.settled_file.unlink(missing_ok=True)
        return asyncio.run(run_fleet(plan, state_path(given.fleet), options))
    except (RefusedError, OSError) as error:
        _warn(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
