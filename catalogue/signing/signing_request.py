"""The file that goes to the machines where people sign, and comes back with their signatures.

Those machines trust nothing that it says of itself: what a draft changes is read from the bytes
to be signed, against an earlier file that bears the reader's own signature. No database here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key, Signer
from tuf.api.metadata import Root, Targets
from tuf.api.serialization import DeserializationError

from catalogue.minisign import SigningKey
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import Place, View
from catalogue.tuf.roles import AnyMetadata
from storage.refusals import RefusedError

KIND = "flatpro-signing-request"
FORMAT = 1
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class BadSigningRequestError(RefusedError):
    code = "bad-signing-request"
    ru = "Это не запрос на подпись или он повреждён: {reason}."
    en = "This is no signing request, or a damaged one: {reason}."


@dataclass(frozen=True)
class DraftToSign:
    """A draft, the file that it follows, and the public keys whose signatures count for it."""

    place: Place
    metadata: AnyMetadata
    before: AnyMetadata | None
    keys: Mapping[str, Key]

    def is_signed_by(self, keyid: str) -> bool:
        """Whether the draft bears a right signature of this key."""
        return _is_right(self.metadata, self.keys.get(keyid))

    def describe(self, keyid: str) -> Iterator[str]:
        """What the reader, who holds this key, is asked to stand for, line by line."""
        content = self.metadata.signed
        yield f"{self.place} version {content.version}, believed until {content.expires:%Y-%m-%d}"
        mine = self.before if _is_right(self.before, self.keys.get(keyid)) else None
        if isinstance(content, Root):
            yield from _roles(content.roles)
        elif isinstance(content, Targets) and content.delegations is not None:
            yield from _roles(content.delegations.roles or {})
            if (named := tuf_roles.list_keys(self.metadata)) is not None:
                yield f"lists for phones: key {named.online}"
                yield f"statements for phones: key {named.firmware}"
        elif isinstance(content, Targets):
            yield from _changes(content, mine.signed if mine else None)


@dataclass(frozen=True)
class StatementToSign:
    """What phones are to believe of the target at `path`."""

    path: str
    text: str
    signature: str | None = None


@dataclass(frozen=True)
class SigningRequest:
    """Everything that waits for people. `names` are the names of keys by id."""

    made_at: datetime
    names: Mapping[str, str]
    drafts: tuple[DraftToSign, ...]
    statements: tuple[StatementToSign, ...] = field(default=())

    def to_json(self) -> bytes:
        """The file."""
        document = {
            "format": FORMAT,
            "kind": KIND,
            "made_at": self.made_at.strftime(_TIME),
            "names": dict(self.names),
            "drafts": [_draft_json(draft) for draft in self.drafts],
            "statements": [
                {"path": s.path, "text": s.text, "signature": s.signature} for s in self.statements
            ],
        }
        return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """The request in a file; raises BadSigningRequestError."""
        try:
            document = json.loads(body)
            if document["kind"] != KIND or document["format"] != FORMAT:
                raise BadSigningRequestError(reason="it is of another kind or format")
            return cls(
                made_at=datetime.strptime(document["made_at"], _TIME).replace(tzinfo=UTC),
                names={str(keyid): str(name) for keyid, name in document["names"].items()},
                drafts=tuple(_draft(entry) for entry in document["drafts"]),
                statements=tuple(_statement(entry) for entry in document["statements"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, DeserializationError) as error:
            raise BadSigningRequestError(reason=type(error).__name__) from error

    def drafts_for(self, keyid: str) -> Sequence[DraftToSign]:
        """The drafts for which this key counts and which it has not signed."""
        return [d for d in self.drafts if keyid in d.keys and not d.is_signed_by(keyid)]

    def signed_by(self, signer: Signer) -> Self:
        """The request with this signer's signature under every draft for which it counts."""
        wanted = {draft.place for draft in self.drafts_for(signer.public_key.keyid)}
        return replace(
            self, drafts=tuple(_signed(d, signer) if d.place in wanted else d for d in self.drafts)
        )

    def stated_by(self, key: SigningKey) -> Self:
        """The request with the firmware key's signature under every statement."""
        return replace(
            self,
            statements=tuple(
                replace(s, signature=key.sign(s.text.encode(), s.path)) for s in self.statements
            ),
        )


def _signed(draft: DraftToSign, signer: Signer) -> DraftToSign:
    copy = tuf_roles.from_bytes(tuf_roles.to_bytes(draft.metadata))
    signature = signer.sign(copy.signed_bytes)
    copy.signatures[signature.keyid] = signature
    return replace(draft, metadata=copy)


def _is_right(metadata: AnyMetadata | None, key: Key | None) -> bool:
    if metadata is None or key is None or key.keyid not in metadata.signatures:
        return False
    try:
        key.verify_signature(metadata.signatures[key.keyid], metadata.signed_bytes)
    except UnverifiedSignatureError:
        return False
    return True


def _roles(roles: Mapping[str, Any]) -> Iterator[str]:
    for name, role in sorted(roles.items()):
        keys = ", ".join(keyid[:8] for keyid in role.keyids)
        yield f"  {name}: {role.threshold} of {keys}"


def _changes(content: Targets, before: Targets | None) -> Iterator[str]:
    if before is None:
        yield "  nothing before it bears your signature: all of it is new to you"
    old = before.targets if before else {}
    for name, target in sorted(content.targets.items()):
        if old.get(name) != target:
            yield f"  + {name}  {target.length} bytes  sha256 {target.hashes.get('sha256')}"
    for name in sorted(set(old) - set(content.targets)):
        yield f"  - {name}"


def _draft_json(draft: DraftToSign) -> dict[str, object]:
    return {
        "view": draft.place.view,
        "role": draft.place.role,
        "metadata": draft.metadata.to_dict(),
        "before": draft.before.to_dict() if draft.before else None,
        "keys": {keyid: key.to_dict() for keyid, key in draft.keys.items()},
    }


def _draft(entry: Mapping[str, Any]) -> DraftToSign:
    before = entry["before"]
    return DraftToSign(
        place=Place(View(entry["view"]), str(entry["role"])),
        metadata=_metadata(entry["metadata"]),
        before=_metadata(before) if before is not None else None,
        keys={keyid: Key.from_dict(keyid, dict(key)) for keyid, key in entry["keys"].items()},
    )


def _metadata(document: object) -> AnyMetadata:
    return tuf_roles.from_bytes(json.dumps(document).encode())


def _statement(entry: Mapping[str, Any]) -> StatementToSign:
    signature = entry["signature"]
    return StatementToSign(
        path=str(entry["path"]),
        text=str(entry["text"]),
        signature=None if signature is None else str(signature),
    )
