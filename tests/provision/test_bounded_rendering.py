"""Templates that want too much get nothing, soon, and the next one is filled in as ever."""

import itertools
import time

import pytest

from provision.families.bounded import BoundedTemplate, BoundedTemplateError

HOSTILE = [
    "{{ 'A' * 10**10 }}",
    "{{ 'A'.ljust(10**10) }}",
    "{{ 'A'.center(10**10) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format('A') }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{{ 'A' * 9999 }}{% endfor %}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ mac.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{% set x = namespace() %}{{ x.__class__ }}",
    "{{ gone }}",
    "{% include '/etc/passwd' %}",
    "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
]


#: From what a template has at hand to Python's insides.
AT_HAND = (
    *("''", "[]", "{}", "()", "1", "mac", "cycler", "joiner()", "namespace()", "lipsum"),
    *("range(1)", "dict()"),
)
REACHES = (
    ".__class__",
    "['__class__']",
    "['__cl' ~ 'ass__']",
    "|attr('__class__')",
    "|attr('\\x5f\\x5fclass\\x5f\\x5f')",
    ".__init__.__globals__",
)


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_template_is_ended_and_the_next_one_is_filled_in(
    source: str, leeway: float
) -> None:
    began = time.monotonic()
    with pytest.raises(BoundedTemplateError):
        BoundedTemplate(source, "lines", wall_clock_s=1.0).render({"mac": "02f1a7000001"})
    assert time.monotonic() - began < 10 * leeway
    assert BoundedTemplate("{{ mac }}", "lines").render({"mac": "ю"}) == "ю"


def test_proof_s8_nothing_at_hand_leads_to_python_s_insides() -> None:
    told = {}
    for at_hand, reach in itertools.product(AT_HAND, REACHES):
        source = "{{ (" + at_hand + reach + ")|string }}"
        try:
            told[source] = BoundedTemplate(source, "lines").render({"mac": "02f1a7000001"})
        except BoundedTemplateError:
            told[source] = ""
    tried = len(told) + len(HOSTILE)
    print(f"S8: {tried} hostile templates, 0 reach what they were not given")  # noqa: T201
    assert [source for source, text in told.items() if text.strip()] == []
    assert tried >= 87


def test_what_a_format_cannot_hold_is_refused_without_the_value() -> None:
    with pytest.raises(BoundedTemplateError) as caught:
        BoundedTemplate("{{ word }}", "lines").render({"word": "geheim\nP2 = 1"})
    assert "geheim" not in str(caught.value)


def test_one_child_serves_many_renders_fast() -> None:
    template = BoundedTemplate("{{ mac }}", "xml")
    template.render({"mac": "x"})
    began = time.monotonic()
    for _ in range(50):
        template.render({"mac": "<"})
    assert time.monotonic() - began < 10
