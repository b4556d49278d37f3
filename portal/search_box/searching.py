"""What a person means who types into the front page's box: a version, a product, a serial."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalogue.models import Product
from catalogue.versions import BadVersionError, Version

#: People write these beside a version; no product is called so.
_BESIDE_VERSIONS = frozenset(
    ("версия", "версии", "версию", "прошивка", "прошивки", "прошивку", "version", "firmware")
)
_SERIAL_MIN = 8


@dataclass(frozen=True)
class Query:
    """The words that may name a product, and the one version among them, if there is one."""

    words: tuple[str, ...]
    version: Version | None = None

    def names(self, product: Product) -> bool:
        """Whether each word is in the product's code or name, in either language, in any case."""
        called = f"{product.code} {product.name_ru} {product.name_en}".casefold()
        return all(word in called for word in self.words)


def understood(typed: str) -> Query:
    """The query; two versions are no version, as nobody can say which was meant."""
    words = tuple(typed.casefold().split())
    versions = {word: found for word in words if (found := _version(word)) is not None}
    if len(versions) != 1:
        return Query(words)
    ((said, version),) = versions.items()
    return Query(tuple(w for w in words if w != said and w not in _BESIDE_VERSIONS), version)


def like_a_serial(typed: str) -> bool:
    """Whether the text is shaped like the number on a phone's label."""
    return len(typed) >= _SERIAL_MIN and typed.upper().startswith("FP") and typed.isalnum()


def named(products: Sequence[Product], query: Query) -> list[Product]:
    """The products that the words name; without a word, none."""
    return [product for product in products if query.words and query.names(product)]


def _version(word: str) -> Version | None:
    # A number without a dot is a number of anything: of a model, a page, a key.
    text = word.removeprefix("v")
    if "." not in text:
        return None
    try:
        return Version.parse(text)
    except BadVersionError:
        return None
