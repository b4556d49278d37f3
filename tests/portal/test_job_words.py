"""Jobs are called by what they do."""

from portal import job_words
from portal.worker import WORKBOOK


def test_every_kind_of_job_has_a_name_in_both_languages() -> None:
    assert set(job_words.NAMES) == set(WORKBOOK.handlers)
    for name in job_words.NAMES.values():
        assert name.ru != name.en
    assert len({name.ru for name in job_words.NAMES.values()}) == len(job_words.NAMES)


def test_a_kind_of_another_version_is_shown_as_it_is() -> None:
    assert job_words.said("other.kind").en == "other.kind"
