"""Which drafts may become visible together. Pure.

A client must find every file that a visible one names, signed by those whom that one names. So a
changed root waits for the lists it would orphan, and a product's first list for its delegation.
"""

from collections.abc import Collection, Mapping
from itertools import groupby
from typing import TypeAlias

from catalogue.tuf import layout, roles
from catalogue.tuf.layout import ROOT, ROOTED, TARGETS, Place, View
from catalogue.tuf.roles import AnyMetadata

Drafts: TypeAlias = Mapping[Place, AnyMetadata]


def publishable(
    drafts: Drafts, published: Drafts, blocked: Collection[Place] = ()
) -> dict[Place, AnyMetadata]:
    """The drafts that may be published now; those in `blocked` wait for something else too.

    What fails is taken out from the root downwards, and the rest is looked at again.
    """
    chosen = {place: draft for place, draft in drafts.items() if place not in blocked}
    while failing := _first_failing(chosen, published):
        for place in failing:
            del chosen[place]
    return chosen


def above(place: Place, chosen: Drafts, published: Drafts) -> list[AnyMetadata]:
    """The files that say who signs at `place`, as they would be after publishing `chosen`.

    For a root that is the root before it; for the top list the root of each view.
    """
    if place.role == ROOT:
        return _present(published.get(place))
    if place == Place(View.BOTH, TARGETS):
        return _present(*(_current(Place(view, ROOT), chosen, published) for view in ROOTED))
    return _present(_current(layout.parent_of(place), chosen, published))


def _first_failing(chosen: Drafts, published: Drafts) -> list[Place]:
    """The failing drafts of the highest level that has any."""
    for _number, level in groupby(sorted(chosen, key=_depth), key=_depth):
        failing = [place for place in level if not _holds(place, chosen, published)]
        if failing:
            return failing
    return []


def _holds(place: Place, chosen: Drafts, published: Drafts) -> bool:
    """Signed by enough of the right keys, and each file that it names has a signed one."""
    draft = chosen[place]
    files_above = above(place, chosen, published)
    if place.role == ROOT:
        signed = roles.is_signed(place, draft, files_above[0] if files_above else None)
    else:
        signed = bool(files_above) and all(
            roles.is_signed(place, draft, file) for file in files_above
        )
    return signed and all(
        _is_there(Place(View.BOTH, role), draft, chosen, published)
        for role in roles.delegated_roles(draft)
    )


def _is_there(place: Place, above_it: AnyMetadata, chosen: Drafts, published: Drafts) -> bool:
    """Whether some file at `place`, new or old, satisfies the file above it."""
    candidates = _present(chosen.get(place), published.get(place))
    return any(roles.is_signed(place, candidate, above_it) for candidate in candidates)


def _depth(place: Place) -> int:
    if place.role == ROOT:
        return 0
    if place.role == TARGETS:
        return 1
    return 3 if place.role in layout.SHELVES else 2


def _current(place: Place, chosen: Drafts, published: Drafts) -> AnyMetadata | None:
    return chosen.get(place) or published.get(place)


def _present(*files: AnyMetadata | None) -> list[AnyMetadata]:
    return [file for file in files if file is not None]
