"""What the files say, and the bytes that are signed."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, TargetFile, Targets

from catalogue.tuf import roles
from catalogue.tuf.layout import Place, View
from catalogue.tuf.roles import Edition, ListedTarget

LIST = Place(View.BOTH, "fw-FP-B2")
EDITION = Edition(1, datetime(2030, 1, 1, tzinfo=UTC))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.dictionaries(NAMES, st.integers(min_value=0)))
def test_what_is_signed_is_what_clients_verify(sizes: dict[str, int]) -> None:
    """Any character may stand in a name: quotes, backslashes, line ends, control characters."""
    content = roles.listing([ListedTarget(n, s, "0" * 64) for n, s in sizes.items()], EDITION)
    assert roles.payload_of(content) == Metadata(content).signed_bytes


@given(NAMES)
def test_a_file_survives_its_bytes(name: str) -> None:
    content = roles.listing([ListedTarget(name, 5, "a" * 64)], EDITION)
    signer = CryptoSigner.generate_ed25519()
    body = roles.to_bytes(roles.sign(content, [signer]))
    read = roles.from_bytes(body)
    assert read.signed.targets == {name: TargetFile(5, {"sha256": "a" * 64}, name)}
    signer.public_key.verify_signature(read.signatures[signer.public_key.keyid], read.signed_bytes)


def test_cyrillic_is_not_spelled_out() -> None:
    """Two bytes a letter, not six: lists of manuals stay small."""
    content = roles.listing([ListedTarget("docs/Руководство.pdf", 5, "a" * 64)], EDITION)
    assert "Руководство".encode() in roles.to_bytes(roles.sign(content, []))


def test_nobody_signs_for_a_role_that_the_file_above_does_not_know() -> None:
    draft = roles.sign(roles.listing([], EDITION), [])
    assert roles.verification(LIST, draft, None) == ()
    assert roles.verification(LIST, draft, Metadata(Targets(1))) == ()
    assert not roles.is_signed(LIST, draft, None)
    assert roles.keyids_of(draft, "fw-FP-B2") == ()
    assert roles.delegated_roles(draft) == ()
    assert roles.all_keyids(draft) == ()


def test_other_bytes_are_not_what_a_file_names() -> None:
    snapshot = roles.snapshot({"docs": roles.listed_file(1, b"body")}, EDITION)
    meta = snapshot.meta["docs.json"]
    assert roles.names(meta, b"body")
    assert not roles.names(meta, b"badly")
    assert not roles.names(meta, b"bodY")
    assert not roles.names(None, b"body")
