"""The workbook: every kind of job of every slice, for the runner in the server and for workers."""

import catalogue.work
import docs_store.work
import firmware.work
import portal.blob_care.work
import portal.personal_data.work
import provision.diagnosis.work
import provision.enrolment.work
import provision.newcomers.work
import provision.rendered.work
import provision.resyncs.work
import provision.rollouts.work
import provision.sweeps.work
import provision.work
import support.breaches.work
import support.certificate_orders.work
import support.loaners.work
import support.mailroom.work
import support.repairs.work
import support.reports.work
import support.requests.work
import support.subject_requests.work
from jobs.runner import Workbook

SLICES = (
    catalogue.work,
    firmware.work,
    docs_store.work,
    provision.work,
    provision.rollouts.work,
    provision.resyncs.work,
    provision.enrolment.work,
    provision.newcomers.work,
    provision.rendered.work,
    provision.sweeps.work,
    provision.diagnosis.work,
    support.breaches.work,
    support.certificate_orders.work,
    support.loaners.work,
    support.mailroom.work,
    support.repairs.work,
    support.reports.work,
    support.requests.work,
    support.subject_requests.work,
    portal.blob_care.work,
    portal.personal_data.work,
)

WORKBOOK = Workbook(
    handlers={kind: handler for part in SLICES for kind, handler in part.HANDLERS.items()},
    periodics=tuple(periodic for part in SLICES for periodic in part.PERIODICS),
)
