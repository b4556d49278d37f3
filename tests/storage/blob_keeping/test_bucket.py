"""What the bucket's library raises, and what it is called here."""

import pytest
from obstore.exceptions import GenericError

from storage.blob_keeping.bucket import bucket_faults
from storage.blobs import StorageFaultError, StorageFullError

FAILED = "Error performing PUT http://127.0.0.1:9000/b/x in 1.2ms - Server returned non-2xx status "


@pytest.mark.parametrize(
    "text",
    [
        "Error performing HEAD http://127.0.0.1:12507/b/x in 1.2ms - error sending request",
        "Error performing HEAD http://127.0.0.1:9000/b/x in 257.507599ms - error sending request",
        "Error performing PUT http://127.0.0.1:9000/b/9f507c in 1.2ms - error sending request",
        FAILED + "code: 503 Service Unavailable",
    ],
)
def test_a_507_in_a_name_a_port_or_a_time_is_no_full_server(text: str) -> None:
    with pytest.raises(StorageFaultError), bucket_faults():
        raise GenericError(text)


@pytest.mark.parametrize(
    "text",
    [
        FAILED + "code: 507 Insufficient Storage: ",
        FAILED + "code: 403 Forbidden: <Error><Code>QuotaExceeded</Code></Error>",
    ],
)
def test_a_full_server_is_told_as_full(text: str) -> None:
    with pytest.raises(StorageFullError), bucket_faults():
        raise GenericError(text)
