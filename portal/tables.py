"""Every slice's tables in one metadata: what the migrations and the tests compare with."""

import accounts.models
import catalogue.mirrors.models
import catalogue.models
import docs_store.models
import firmware.downloads.models
import firmware.models
import jobs.models
import provision.collectors.models
import provision.diagnosis.models
import provision.models
import provision.phone_logs.models
import provision.redirects.models
import provision.rendered.models
import provision.resyncs.models
import provision.rollouts.models
import provision.ssh_keys.models
import provision.sweeps.models
import storage.blob_keeping.blob_models
import storage.journal_reader
import storage.resumable
import support.agreements.models
import support.breaches.models
import support.calendars.models
import support.cases.delivery_models
import support.cases.models
import support.certificate_orders.models
import support.loaners.models
import support.mailroom.models
import support.models
import support.personal_data.models
import support.replacements.models
import support.reports.models
import support.requests.models
import support.service_centres.models
import support.subject_requests.models
from storage.db import Base

#: Importing the modules above is what fills it.
metadata = Base.metadata

__all__ = [
    "accounts",
    "catalogue",
    "docs_store",
    "firmware",
    "jobs",
    "metadata",
    "provision",
    "storage",
    "support",
]
