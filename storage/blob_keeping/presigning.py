"""Presigned S3 addresses (AWS Signature Version 4 in the query). Pure.

Our S3 library signs a path only; the file's name and type for the reader go into the query, which
the signature covers too.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signer:
    """Whose key signs, for which region."""

    key_id: str
    secret: str = field(repr=False)
    region: str

    def presigned(self, address: str, query: Mapping[str, str], now: datetime, ttl_s: int) -> str:
        """`address` with a query that lets anyone GET it for `ttl_s` seconds."""
        parts = urlsplit(address)
        day = now.strftime("%Y%m%d")
        scope = f"{day}/{self.region}/s3/aws4_request"
        moment = now.strftime("%Y%m%dT%H%M%SZ")
        signed = {
            **query,
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.key_id}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(ttl_s),
            "X-Amz-SignedHeaders": "host",
        }
        text = "&".join(f"{_coded(name)}={_coded(signed[name])}" for name in sorted(signed))
        request = f"GET\n{parts.path}\n{text}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}"
        signature = hmac.new(self._key(day), to_sign.encode(), hashlib.sha256).hexdigest()
        return f"{address}?{text}&X-Amz-Signature={signature}"

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key


def _coded(text: str) -> str:
    return quote(text, safe="-_.~")
