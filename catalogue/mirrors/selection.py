"""Which part of an upstream a mirror copies: products, kinds, languages. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from catalogue.tuf import layout
from storage.refusals import RefusedError

FIRMWARE, DOCUMENTS = "firmware", "docs"
KINDS = (FIRMWARE, DOCUMENTS)


class NarrowerBundleError(RefusedError):
    code = "mirror-narrower"
    ru = (
        "В этом наборе меньше, чем держит зеркало ({held}). Если это и нужно, повторите с "
        "--narrow: остальное перестанет раздаваться."
    )
    en = (
        "This bundle holds less than the mirror does ({held}). If that is wanted, repeat with "
        "--narrow: the rest will no longer be served."
    )


@dataclass(frozen=True)
class Selection:
    """An empty set means all of them. Languages are those of documents."""

    products: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()

    @classmethod
    def of(cls, products: Iterable[str], kinds: Iterable[str], languages: Iterable[str]) -> Self:
        return cls(frozenset(products), frozenset(kinds), frozenset(languages))

    def wants_product(self, code: str) -> bool:
        return not self.products or code in self.products

    def wants_kind(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds

    def wants(self, path: str, about: Mapping[str, object]) -> bool:
        """Whether the target at `path`, of which a signed list says `about`, is copied."""
        parts = path.split("/")
        if parts[0] == layout.FIRMWARE:
            return self.wants_kind(FIRMWARE) and self.wants_product(parts[1])
        if parts[0] != layout.DOCS or not self.wants_kind(DOCUMENTS) or len(parts) < 3:
            return False
        of_products = about.get("products")
        listed = of_products if isinstance(of_products, list) else []
        fits = not self.products or bool(self.products.intersection(map(str, listed)))
        return fits and (not self.languages or parts[2] in self.languages)

    def covers(self, other: Self) -> bool:
        """Whether all that `other` wants is in this selection."""
        pairs = (
            (self.products, other.products),
            (self.kinds, other.kinds),
            (self.languages, other.languages),
        )
        return all(not mine or (theirs and theirs <= mine) for mine, theirs in pairs)

    def __str__(self) -> str:
        named = (self.products, self.kinds, self.languages)
        return "; ".join(", ".join(sorted(part)) for part in named if part) or "*"
