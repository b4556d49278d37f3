"""Templates that want too much get nothing, soon, and the next one is filled in as ever."""

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


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_template_is_ended_and_the_next_one_is_filled_in(source: str) -> None:
    began = time.monotonic()
    with pytest.raises(BoundedTemplateError):
        BoundedTemplate(source, "lines", wall_clock_s=1.0).render({"mac": "02f1a7000001"})
    assert time.monotonic() - began < 10
    assert BoundedTemplate("{{ mac }}", "lines").render({"mac": "ю"}) == "ю"


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
