"""Every kind of work that portal/worker.py registers, with what it finds before it."""

from tests.portal.killed_jobs import phone_cases, publishing_cases, support_cases
from tests.portal.killed_jobs.case import Case, Elsewhere

CASES: dict[str, Case | Elsewhere] = {
    **publishing_cases.CASES,
    **phone_cases.CASES,
    **support_cases.CASES,
}
