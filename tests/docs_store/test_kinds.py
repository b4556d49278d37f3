import pytest

from docs_store import kinds
from docs_store.kinds import Kind, UnknownKindError


def test_every_kind_has_a_name_in_both_languages() -> None:
    for language in ("ru", "en"):
        assert len({kind.label(language) for kind in Kind}) == len(Kind)
    assert Kind.MANUAL.label("ru") == "Руководство по эксплуатации"
    assert Kind.MANUAL.label("en") == "User manual"


def test_manuals_stand_first_and_the_rest_last() -> None:
    assert (Kind.MANUAL.place, Kind.OTHER.place) == (0, len(Kind) - 1)


def test_unknown_kind_is_refused_with_the_known_ones() -> None:
    assert kinds.parse_kind("mib") is Kind.MIB
    with pytest.raises(UnknownKindError, match="quick_start"):
        kinds.parse_kind("poem")
