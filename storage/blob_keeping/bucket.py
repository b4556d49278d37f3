"""Where a bucket of an S3 server is, and what its library raises."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from storage.blobs import StorageFaultError, StorageFullError

#: The library says that there is no such object either way, by the call.
ABSENT = (NotFoundError, FileNotFoundError)

#: How a full server says so. The number alone would not do: the text also holds the object's name,
#: the port and the time it took, and any of them may have a 507 in it.
_FULL = ("status code: 507", "<Code>QuotaExceeded</Code>")


@dataclass(frozen=True)
class Bucket:
    """Where the bucket is and who may write to it. The secret is in no text of this."""

    name: str
    prefix: str
    endpoint: str
    region: str
    key_id: str
    secret: str = field(repr=False)

    @property
    def base(self) -> str:
        """The address of the bucket; the bucket is the first part of the path."""
        endpoint = self.endpoint or f"https://s3.{self.region}.amazonaws.com"
        return f"{endpoint.rstrip('/')}/{self.name}"

    def open(self) -> S3Store:
        """A client that gives up within half a minute rather than keep people waiting."""
        return S3Store(
            self.name,
            prefix=self.prefix or None,
            endpoint=self.endpoint or f"https://s3.{self.region}.amazonaws.com",
            region=self.region,
            access_key_id=self.key_id,
            secret_access_key=self.secret,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True, "connect_timeout": "3s", "timeout": "60s"},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        )


@contextlib.contextmanager
def bucket_faults() -> Iterator[None]:
    """What the library raises becomes ours; its texts hold addresses, so only the kind is kept."""
    try:
        yield
    except BaseError as error:
        if any(words in str(error) for words in _FULL):
            raise StorageFullError from None
        raise StorageFaultError(reason=type(error).__name__) from None
    except OSError as error:
        # The library raises Python's own error for a refused connection and the like.
        raise StorageFaultError(reason=type(error).__name__) from None
