"""The picture of a /24: sixteen rows of sixteen addresses, each by its verdict (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

SIDE = 16
CELL, GAP = 18, 3
SILENT = "silent"


@dataclass(frozen=True)
class Cell:
    """One address and what was found there; `verdict` is SILENT where nothing answered."""

    address: str
    verdict: str
    x: int
    y: int


@dataclass(frozen=True)
class Grid:
    """The cells, and the size of the picture in its own units."""

    cells: tuple[Cell, ...]
    size: int = SIDE * CELL + (SIDE - 1) * GAP
    cell: int = CELL


def grid(subnet: IPv4Network, verdicts: Mapping[str, str]) -> Grid:
    """The picture of `subnet`, a /24, from the verdicts by address."""
    step = CELL + GAP
    return Grid(
        tuple(
            Cell(
                address=str(address),
                verdict=verdicts.get(str(address), SILENT),
                x=place % SIDE * step,
                y=place // SIDE * step,
            )
            for place, address in enumerate(subnet)
        )
    )
