"""An object of a bucket as a file."""

import io

import obstore
from obstore.store import S3Store

from storage.blob_keeping.bucket import bucket_faults
from storage.blobs import StorageFaultError


class BucketFile(io.RawIOBase):
    """Its bytes are fetched in ranges, as they are read."""

    def __init__(self, store: S3Store, key: str, size: int) -> None:
        self._store = store
        self._key = key
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # a writable buffer
        wanted = min(len(view), self._size - self._at)
        if wanted <= 0:
            return 0
        with bucket_faults():
            found = obstore.get_range(self._store, self._key, start=self._at, length=wanted)
        if len(found) != wanted:
            raise StorageFaultError(reason="the bucket gave fewer bytes than it has")
        view[:wanted] = memoryview(found)
        self._at += wanted
        return wanted
