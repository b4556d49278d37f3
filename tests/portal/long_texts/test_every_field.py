"""S20: 64 KiB in any field of any form, whoever is shown it, cost a moment of the processor."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from flask import Flask

from accounts.models import Role
from portal.untyped_input import QUERY_BYTES_MAX
from storage.installation import Installation
from tests.browserless import form_token
from tests.portal.long_texts.filling import filled_in
from tests.portal.long_texts.hidden_fields import asked_of, note_what_is_asked
from tests.portal.long_texts.kinds import KINDS, SIZE, text_of
from tests.portal.long_texts.page_forms import page_of
from tests.portal.long_texts.people import demo_app, everybody, logged_in
from tests.portal.long_texts.walk import Place, Walk
from tests.portal.long_texts.weighing import MOMENT_S, Scales, Timed, Unchanged, Weight
from tests.provision import estate as estates

#: Forms whose views look first whether there is what they are about, which the demo does not have.
NOT_ASKED_MAX = 26


@pytest.fixture
def backend() -> str:
    return "sqlite"


def weighed(walk: Walk, scales: Scales, place: Place, kind: str) -> Iterator[Weight]:
    """The field with a text of this kind, the others as a person would fill them in."""
    client, text = walk.people[place.person], text_of(kind)
    *_, body = filled_in(place.form)
    if place.form.posts:
        filled = body | {place.name: text}

        def sent(form: dict[str, str]) -> Weight:
            return scales.weigh(
                lambda: client.post(place.form.address, data=form), place.rule, place.name, kind
            )

        found = sent(filled)
        if found.spent_s >= MOMENT_S:
            # What the form does is no cost of its text: a calendar counts every deadline anew.
            found = replace(found, spent_s=found.spent_s - sent(body).spent_s)
        yield found
        return
    # A query has a bound, so the longest that it lets in is weighed, too.
    some = QUERY_BYTES_MAX // 2 // len(quote_plus(text[:8])) * 8
    for one in (text, text[: min(some, SIZE)]):
        asked = body | {place.name: one}
        ask = partial(client.get, place.form.address, query_string=asked)
        yield scales.weigh(ask, place.rule, place.name, kind)


def no_fault(told: list[Weight]) -> None:
    assert [one for one in told if one.status >= 500] == []
    assert max(told).spent_s < MOMENT_S, sorted(told)[-10:]


@dataclass(frozen=True)
class Found:
    walk: Walk
    scales: Scales
    #: Where a form leads that was neither shown nor asked for anything.
    unknown: frozenset[str]


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Found]:
    with demo_app(tmp_path / "data") as (app, installation):
        note_what_is_asked(app)
        walk = Walk(app, everybody(app, installation))
        walk.look_round()
        walk.fill_in()
        walk.look_round()
        with closing(Unchanged(tmp_path / "data" / "flatpro.sqlite")) as unchanged:
            unknown = unshown(walk, unchanged)
            yield Found(walk, Scales(Timed(app), unchanged.restore), frozenset(unknown))


def unshown(walk: Walk, unchanged: Unchanged) -> set[str]:
    """Add the fields of forms that were not shown; those that nothing is known of."""
    rules = {str(rule) for rule in walk.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    admin, unknown = walk.people[str(Role.ADMIN)], set()
    token = form_token(admin, "/staff/users")
    for rule in {rule for rule in rules if not rule.startswith("/api/")} - walk.rules:
        forms = list(asked_of(admin, rule, token, unchanged.restore))
        for form in forms:
            for one in form.fields:
                place = Place(rule, one.name, str(Role.ADMIN), form)
                if one.takes_text:
                    walk.places.setdefault(place.key, place)
        if not forms:
            unknown.add(rule)
    return unknown


@pytest.mark.prove
@pytest.mark.timeout(7200)
def test_proof_s20_no_long_text_in_any_field_costs_more_than_a_moment(found: Found) -> None:
    walk = found.walk
    told: list[Weight] = []
    places = list(walk.places.values())
    for place in places:
        for kind in KINDS:
            told += weighed(walk, found.scales, place, kind)
    rules = {place.rule for place in places}
    print(  # noqa: T201 - the figure of the proof
        f"S20: {len(places)} fields of {len(rules)} forms and lists, for strangers, customers,"
        f" partners and staff, by {len(KINDS)} kinds of 64 KiB: {max(told).spent_s * 1000:.0f} ms"
        f" at most ({max(told).where}), {len(walk.failed)} faults; nothing was asked of"
        f" {len(found.unknown)} forms"
    )
    assert walk.failed == []
    assert len(places) > 500
    assert len(found.unknown) <= NOT_ASKED_MAX, sorted(found.unknown)
    no_fault(told)


def test_long_texts_in_what_staff_begins_cost_a_moment(
    app: Flask, installation: Installation
) -> None:
    """A sample: a kind that was dear, in the forms for a new thing of each sort."""
    estates.build(installation)
    walk = Walk(app, {"admin": logged_in(app, installation, Role.ADMIN)})
    scales, forms = Scales(Timed(app)), 0
    told: list[Weight] = []
    for rule in app.url_map.iter_rules():
        address = str(rule)
        if not address.startswith("/staff/") or not address.endswith("/new"):
            continue
        with walk.people["admin"].get(address) as answer:
            assert answer.status_code == 200, address
            page = page_of(address, answer.get_data(as_text=True))
        mine = [form for form in page.forms if form.posts and not form.address.endswith("/logout")]
        assert mine, address
        forms += 1
        for form in mine:
            for one in [one for one in form.fields if one.takes_text and one.kind != "select"][:1]:
                told += weighed(walk, scales, Place(address, one.name, "admin", form), "joined")
    assert forms >= 7
    no_fault(told)
