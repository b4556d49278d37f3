"""Which role lists what: paths, names and hashes as TUF's own library reads them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import DelegatedRole

from catalogue.tuf import layout
from catalogue.tuf.layout import ROOTED, Place, Purpose, View

FILE_NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


def role(name: str, **more: object) -> DelegatedRole:
    return DelegatedRole(name, ["id"], 1, terminating=True, **more)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("fw/FP-B2/2.4.1/fp-b2-2.4.1.bin", "fw-FP-B2"),
        ("fw/FP-B2-PRO/2.4.1/x.bin", "fw-FP-B2-PRO"),
    ],
)
def test_firmware_has_a_role_for_each_product(path: str, name: str) -> None:
    assert layout.role_of(path) == name
    assert role(name, paths=layout.patterns_of(name)).is_delegated_path(path)


@pytest.mark.parametrize(
    "path", ["fw", "fw/", "docs/", "sw/", "xx/FP-B2/1/x.zip", "", "../fw/FP-B2/1/x"]
)
def test_a_path_of_no_known_kind_is_a_fault(path: str) -> None:
    with pytest.raises(ValueError):
        layout.role_of(path)


def test_a_products_role_speaks_of_no_other_product() -> None:
    mine = role("fw-FP-B2", paths=layout.patterns_of("fw-FP-B2"))
    for path in ("fw/FP-B2-PRO/1.0/x.bin", "fw/FP-B3/1.0/x.bin", "docs/a/ru/1/x.pdf", "fw/FP-B2/x"):
        assert not mine.is_delegated_path(path)


@given(FILE_NAMES)
def test_the_list_of_a_document_is_the_one_that_clients_look_into(file_name: str) -> None:
    path = f"docs/b2-manual/ru/1.0/{file_name}"
    name = layout.target_name(path)
    assert role("docs", paths=layout.patterns_of("docs")).is_delegated_path(name)
    looked_into = [
        shelf
        for shelf in layout.SHELVES
        if role(shelf, path_hash_prefixes=layout.prefixes_of(shelf)).is_delegated_path(name)
    ]
    assert looked_into == [layout.role_of(path)]


def test_the_docs_roles_share_all_hashes_between_them() -> None:
    prefixes = [p for shelf in layout.SHELVES for p in layout.prefixes_of(shelf)]
    assert prefixes == [f"{byte:02x}" for byte in range(256)]
    digest = hashlib.sha256(b"docs/x").hexdigest()
    assert digest[:2] in layout.prefixes_of(layout.shelf_of("docs/x"))


@given(FILE_NAMES, FILE_NAMES)
def test_two_paths_never_share_a_name(one: str, other: str) -> None:
    same = layout.target_name(one) == layout.target_name(other)
    assert same == (one == other)


def test_the_views_share_only_the_keys_of_the_lists() -> None:
    own = {
        view: {layout.purpose_of(Place(view, name)) for name in ("root", "snapshot", "timestamp")}
        for view in ROOTED
    }
    assert not own[View.ONLINE] & own[View.AIR_GAP]
    assert layout.purpose_of(Place(View.BOTH, "targets")) is Purpose.TARGETS
    assert layout.purpose_of(Place(View.BOTH, "docs-1f")) is Purpose.DOCS
    assert layout.purpose_of(Place(View.BOTH, "fw-FP-B2")) is Purpose.FIRMWARE


@pytest.mark.parametrize("view", [View.ONLINE, View.AIR_GAP, View.BOTH])
@pytest.mark.parametrize("name", ["root", "targets", "fw-X", "docs", "snapshot", "timestamp"])
def test_every_file_is_signed_again_before_the_alarm(view: View, name: str) -> None:
    life = layout.life(Place(view, name))
    assert life.total - life.renew_after > life.alarm_left


def test_people_find_the_file_of_a_target_at_its_public_address() -> None:
    assert layout.public_address("fw/FP-B2/1.0/x.bin") == "/firmware/FP-B2/1.0/x.bin"
    assert layout.public_address("docs/m/ru/1/x.pdf") == "/docs/m/ru/1/x.pdf"
