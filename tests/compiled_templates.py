"""Templates compiled once in a test process: each test has its own app, with the same pages."""

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_COMPILED: dict[str, bytes] = {}


class _Kept(BytecodeCache):
    def load_bytecode(self, bucket: Bucket) -> None:
        if (kept := _COMPILED.get(bucket.key)) is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        _COMPILED[bucket.key] = bucket.bytecode_to_string()


def keep(app: Flask) -> Flask:
    """The app, whose templates are compiled unless another app of this process did so."""
    app.jinja_env.bytecode_cache = _Kept()
    return app
