"""What the files of the TUF repository say, how they become bytes, and who has signed them. Pure.

The one module that builds the library's types; the library's own client is what must accept them.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeAlias

from securesystemslib.signer import Key, Signer
from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Role,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
    VerificationResult,
)
from tuf.api.serialization import MetadataSerializer
from tuf.api.serialization.json import CanonicalJSONSerializer

from catalogue.tuf import layout
from catalogue.tuf.layout import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, Place, Purpose, View

AnyMetadata: TypeAlias = Metadata[Any]
KeysByPurpose: TypeAlias = Mapping[Purpose, Sequence[Key]]

#: A field of our own in the top list; clients pass over what they do not know.
_LIST_KEYS = "x-flatpro-minisign"
#: A backslash before anything but a quote or a backslash; it may see one too many, never too few.
_OTHER_ESCAPE = re.compile(r'\\[^"\\]')


@dataclass(frozen=True)
class Edition:
    """The number of a file and the instant after which nobody believes it."""

    version: int
    expires: datetime


@dataclass(frozen=True)
class ListedTarget:
    """A target as a list names it: `size` in bytes, `sha256` in hex.

    `about` is what the slice that published it says of it, in JSON without fractions.
    """

    name: str
    size: int
    sha256: str
    about: Mapping[str, object] | None = None


@dataclass(frozen=True)
class ListedFile:
    """A file as the file above it names it."""

    version: int
    size: int
    sha256: str


class Compact(MetadataSerializer):
    """JSON without spaces, Cyrillic as it is: the lists are read by many and by eye seldom."""

    def serialize(self, metadata_obj: AnyMetadata) -> bytes:
        return _compact(metadata_obj.to_dict()).encode()


def root(view: View, keys: KeysByPurpose, edition: Edition) -> Root:
    """Whose signatures count in a view."""
    roles = {}
    for role in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP):
        purpose = layout.purpose_of(Place(view, role))
        roles[role] = Role([], layout.threshold(purpose))
    made = Root(edition.version, None, edition.expires, {}, roles, consistent_snapshot=True)
    for role in roles:
        for key in keys[layout.purpose_of(Place(view, role))]:
            made.add_key(key, role)
    return made


@dataclass(frozen=True)
class ListKeys:
    """The minisign keys, each as its line of base64: of lists for phones, and of firmware."""

    online: str
    firmware: str


def targets(
    firmware_roles: Iterable[str],
    keys: KeysByPurpose,
    edition: Edition,
    list_keys: ListKeys | None = None,
) -> Targets:
    """The top list: no target of its own; roles for each product's files, and one for docs.

    It also vouches for the minisign keys, so that a mirror needs to trust nothing but the root.
    """
    delegated = {
        name: _by_path(name, keys, Purpose.FIRMWARE) for name in sorted(set(firmware_roles))
    }
    delegated[layout.DOCS] = _by_path(layout.DOCS, keys, Purpose.DOCS)
    made = _delegating(delegated, keys, edition)
    if list_keys is not None:
        made.unrecognized_fields[_LIST_KEYS] = asdict(list_keys)
    return made


def list_keys(top: AnyMetadata | None) -> ListKeys | None:
    """The minisign keys that a top list vouches for."""
    said = top.signed.unrecognized_fields.get(_LIST_KEYS) if top else None
    if not isinstance(said, dict) or not {"online", "firmware"} <= said.keys():
        return None
    return ListKeys(online=str(said["online"]), firmware=str(said["firmware"]))


def docs(keys: KeysByPurpose, edition: Edition) -> Targets:
    """The list of documents: spread by hash over roles of the same key."""
    keyids = [key.keyid for key in keys[Purpose.DOCS]]
    delegated = {
        shelf: DelegatedRole(
            shelf,
            keyids,
            layout.threshold(Purpose.DOCS),
            terminating=True,
            path_hash_prefixes=layout.prefixes_of(shelf),
        )
        for shelf in layout.SHELVES
    }
    return _delegating(delegated, keys, edition)


def listing(listed: Iterable[ListedTarget], edition: Edition) -> Targets:
    """A list of targets."""
    files = {
        target.name: TargetFile(
            target.size, {"sha256": target.sha256}, target.name, _custom(target.about)
        )
        for target in listed
    }
    return Targets(edition.version, None, edition.expires, files)


def snapshot(lists: Mapping[str, ListedFile], edition: Edition) -> Snapshot:
    """Which version of each list belongs together, with length and hash: the exact bytes."""
    meta = {f"{role}.json": _meta(file) for role, file in lists.items()}
    return Snapshot(edition.version, None, edition.expires, meta)


def timestamp(current: ListedFile, edition: Edition) -> Timestamp:
    """Which snapshot is the newest."""
    return Timestamp(edition.version, None, edition.expires, _meta(current))


def sign(content: Signed, signers: Iterable[Signer]) -> AnyMetadata:
    """The file with the signatures of those who are here."""
    metadata: AnyMetadata = Metadata(content)
    payload = payload_of(content)
    for signer in signers:
        signature = signer.sign(payload)
        metadata.signatures[signature.keyid] = signature
    return metadata


def payload_of(content: Signed) -> bytes:
    """The bytes that are signed: canonical JSON.

    Python's own encoder gives the same and is quicker where no character needs an escape that the
    canonical form does not know; for the others the library's does it.
    """
    text = _compact(content.to_dict())
    if _OTHER_ESCAPE.search(text):
        return CanonicalJSONSerializer().serialize(content)
    return text.encode()


def to_bytes(metadata: AnyMetadata) -> bytes:
    """The file as it is stored and served."""
    return metadata.to_bytes(Compact())


def from_bytes(body: bytes) -> AnyMetadata:
    """The file of these bytes; raises DeserializationError of the library for any others."""
    return Metadata.from_bytes(body)


def listed_file(version: int, body: bytes) -> ListedFile:
    """A file as the one above it is to name it."""
    return ListedFile(version, len(body), hashlib.sha256(body).hexdigest())


def verification(
    place: Place, metadata: AnyMetadata, above: AnyMetadata | None, payload: bytes | None = None
) -> Sequence[VerificationResult]:
    """Who has signed and who has not, by the keys of the file above.

    `payload` are the bytes that were signed, if the reader makes them in a way of its own. A root
    is its own file above, and must satisfy the keys of the root before it too. An empty answer
    means that nothing says yet whose signatures count.
    """
    payload, signatures = payload or payload_of(metadata.signed), metadata.signatures
    if place.role == ROOT:
        previous = above.signed if above else None
        both = metadata.signed.get_root_verification_result(previous, payload, signatures)
        return (both.first, both.second) if previous else (both.first,)
    if above is None or not _knows(above.signed, place.role):
        return ()
    return (above.signed.get_verification_result(place.role, payload, signatures),)


def is_signed(
    place: Place, metadata: AnyMetadata, above: AnyMetadata | None, payload: bytes | None = None
) -> bool:
    """Whether enough of the right keys have signed."""
    results = verification(place, metadata, above, payload)
    return bool(results) and all(result.verified for result in results)


def names(meta: MetaFile | None, body: bytes) -> bool:
    """Whether a file above names exactly these bytes."""
    if meta is None:
        return False
    try:
        meta.verify_length_and_hashes(body)
    except LengthOrHashMismatchError:
        return False
    return True


def delegated_roles(metadata: AnyMetadata) -> Sequence[str]:
    """The lists that this file says who signs."""
    if isinstance(metadata.signed, Root):
        return (TARGETS,)
    delegations = metadata.signed.delegations if isinstance(metadata.signed, Targets) else None
    return tuple(delegations.roles or ()) if delegations else ()


def keyids_of(metadata: AnyMetadata, role: str) -> Sequence[str]:
    """The keys whose signatures on `role` count by this file; none when it does not know it."""
    if not _knows(metadata.signed, role):
        return ()
    return tuple(metadata.signed.get_delegated_role(role).keyids)


def threshold_of(metadata: AnyMetadata, role: str) -> int:
    """How many keys must sign a role that this file knows."""
    needed: int = metadata.signed.get_delegated_role(role).threshold
    return needed


def all_keyids(metadata: AnyMetadata) -> Collection[str]:
    """Every key that this file says may sign something."""
    content = metadata.signed
    if isinstance(content, Root):
        return content.keys.keys()
    delegations = content.delegations if isinstance(content, Targets) else None
    return delegations.keys.keys() if delegations else ()


def _custom(about: Mapping[str, object] | None) -> dict[str, Any]:
    return {"custom": dict(about)} if about else {}


def _compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _knows(content: Signed, role: str) -> bool:
    if isinstance(content, Root):
        return role in content.roles
    delegations = content.delegations if isinstance(content, Targets) else None
    return delegations is not None and role in (delegations.roles or {})


def _by_path(role: str, keys: KeysByPurpose, purpose: Purpose) -> DelegatedRole:
    return DelegatedRole(
        role,
        [key.keyid for key in keys[purpose]],
        layout.threshold(purpose),
        terminating=True,
        paths=layout.patterns_of(role),
    )


def _delegating(roles: dict[str, DelegatedRole], keys: KeysByPurpose, edition: Edition) -> Targets:
    """A list that only delegates; it holds the keys that its roles name, and no others."""
    named = {keyid for role in roles.values() for keyid in role.keyids}
    known = {key.keyid: key for group in keys.values() for key in group if key.keyid in named}
    delegations = Delegations(known, roles)
    return Targets(edition.version, None, edition.expires, {}, delegations)


def _meta(file: ListedFile) -> MetaFile:
    return MetaFile(file.version, file.size, {"sha256": file.sha256})
