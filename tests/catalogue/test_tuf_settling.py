"""Which drafts come out together, on files that exist only in memory."""

from datetime import UTC, datetime
from functools import cache

from securesystemslib.signer import CryptoSigner, Key

from catalogue.tuf import roles, settling
from catalogue.tuf.layout import Place, Purpose, View
from catalogue.tuf.roles import AnyMetadata, Edition

EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)
ONLINE, AIR_GAP = Place(View.ONLINE, "root"), Place(View.AIR_GAP, "root")
TOP, B2, C5 = (Place(View.BOTH, name) for name in ("targets", "fw-B2", "fw-C5"))
DOCS = Place(View.BOTH, "docs")
SHELVES = [Place(View.BOTH, f"docs-{number:02x}") for number in range(32)]
NAMES = {purpose: [f"{purpose}1", f"{purpose}2"] for purpose in Purpose}


@cache
def signer(_name: str) -> CryptoSigner:
    """One key for each name."""
    return CryptoSigner.generate_ed25519()


def keys(**changed: list[str]) -> dict[Purpose, list[Key]]:
    names = {**NAMES, **{Purpose(purpose): given for purpose, given in changed.items()}}
    return {purpose: [signer(n).public_key for n in given] for purpose, given in names.items()}


def signed(content: object, *names: str) -> AnyMetadata:
    return roles.sign(content, [signer(name) for name in names])  # type: ignore[arg-type]


def roots(version: int = 1, by: tuple[str, ...] = ("1", "2"), **changed: list[str]) -> dict:
    return {
        Place(view, "root"): signed(
            roles.root(view, keys(**changed), Edition(version, EXPIRES)),
            *(f"{'air-gap-' if view is View.AIR_GAP else ''}root{number}" for number in by),
        )
        for view in (View.ONLINE, View.AIR_GAP)
    }


def top(
    version: int = 1, products: tuple[str, ...] = ("fw-B2",), by: str = "12", **changed: list[str]
) -> dict:
    content = roles.targets(products, keys(**changed), Edition(version, EXPIRES))
    return {TOP: signed(content, *(f"targets{number}" for number in by))}


def listing(
    place: Place, version: int = 1, by: tuple[str, ...] = ("firmware1", "firmware2")
) -> dict:
    return {place: signed(roles.listing([], Edition(version, EXPIRES)), *by)}


def documents() -> dict:
    made = {DOCS: signed(roles.docs(keys(), Edition(1, EXPIRES)), "docs1")}
    for shelf in SHELVES:
        made |= listing(shelf, by=("docs1",))
    return made


def whole() -> dict:
    """A repository with the firmware of one product."""
    return roots() | top() | listing(B2) | documents()


def test_a_whole_repository_comes_out_at_once() -> None:
    assert settling.publishable(whole(), {}).keys() == whole().keys()


def test_nothing_comes_out_while_the_top_list_is_not_signed() -> None:
    drafts = whole() | top(by="1")
    assert settling.publishable(drafts, {}) == {}


def test_a_view_without_its_root_does_not_hold_up_the_other() -> None:
    drafts = whole()
    drafts |= {AIR_GAP: roots(by=("1",))[AIR_GAP]}
    assert AIR_GAP not in settling.publishable(drafts, {})
    assert ONLINE in settling.publishable(drafts, {})


def test_a_list_with_enough_signatures_comes_out_alone() -> None:
    draft = listing(B2, 2)
    assert settling.publishable(draft, whole()) == draft


def test_a_list_with_one_signature_waits() -> None:
    assert settling.publishable(listing(B2, 2, by=("firmware1",)), whole()) == {}
    assert settling.publishable(listing(B2, 2, by=("firmware1", "docs1")), whole()) == {}


def test_a_first_list_and_its_delegation_wait_for_each_other() -> None:
    delegation, first = top(2, ("fw-B2", "fw-C5")), listing(C5)
    assert settling.publishable(delegation, whole()) == {}
    assert settling.publishable(first, whole()) == {}
    assert settling.publishable(delegation | first, whole()) == delegation | first


def test_a_blocked_list_takes_its_delegation_with_it() -> None:
    drafts = top(2, ("fw-B2", "fw-C5")) | listing(C5)
    assert settling.publishable(drafts, whole(), blocked=[C5]) == {}


def test_another_product_does_not_wait_for_a_delegation() -> None:
    drafts = top(2, ("fw-B2", "fw-C5")) | listing(B2, 2)
    assert settling.publishable(drafts, whole()) == listing(B2, 2) | {B2: drafts[B2]}


def test_changed_firmware_keys_wait_until_each_list_has_the_new_signatures() -> None:
    new = {"firmware": ["firmware2", "firmware3"]}
    drafts = top(2, **new) | listing(B2, 2, by=("firmware2",))
    assert settling.publishable(drafts, whole()) == {}
    drafts |= listing(B2, 2, by=("firmware2", "firmware3"))
    assert settling.publishable(drafts, whole()) == drafts


def test_changed_top_keys_need_both_roots_and_the_list() -> None:
    new = {"targets": ["targets2", "targets3"]}
    changed_roots, list_by_new = roots(2, **new), top(2, by="23", **new)
    assert settling.publishable(changed_roots, whole()) == {}
    one_root = {ONLINE: changed_roots[ONLINE]}
    assert settling.publishable(one_root | list_by_new, whole()) == {}
    everything = changed_roots | list_by_new
    assert settling.publishable(everything, whole()) == everything


def test_a_new_root_needs_the_old_keys_and_the_new_ones() -> None:
    new = {"root": ["root2", "root3"]}
    for by, comes_out in ((("2", "3"), False), (("1", "2"), False), (("1", "2", "3"), True)):
        draft = {ONLINE: roots(2, by=by, **new)[ONLINE]}
        assert bool(settling.publishable(draft, whole())) is comes_out, by


def test_a_root_that_changes_other_keys_does_not_wait_for_a_top_list() -> None:
    draft = {ONLINE: roots(2, snapshot=["snapshot9"])[ONLINE]}
    waiting = top(2, ("fw-B2", "fw-C5"), by="1")
    assert settling.publishable(draft | waiting, whole()) == draft
