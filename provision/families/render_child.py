"""The process in which operators' templates are filled in: little memory, little time, no files.

It reads one JSON object a line and answers with one: {"text"} or {"error", "kind"}. Run by
`bounded.py`, which ends it when it is late. It holds nothing worth stealing but the values given.
"""

import functools
import json
import resource
import sys
from typing import Any

from jinja2 import Template, TemplateError

from provision.families.formats import FORMATS, environment
from storage.refusals import RefusedError

MEMORY_BYTES = 256 * 1024 * 1024
CPU_S = 3
OUTPUT_MAX = 1024 * 1024


def main() -> None:
    """Serve until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    for line in sys.stdin:
        _allow_another()
        sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def _allow_another() -> None:
    """The processor's time is counted over a process's life: each render gets its own share."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _answer(asked: dict[str, Any]) -> dict[str, str]:
    try:
        template = _template(asked["format"], asked["source"])
        return {"text": _filled(template, asked["values"])}
    except RefusedError as error:
        return {"error": error.text("en"), "kind": "value"}
    except TemplateError as error:  # its text names names
        return {"error": str(error), "kind": "template"}
    except Exception as error:  # noqa: BLE001 - whatever a template does; its text may hold a value
        return {"error": type(error).__name__, "kind": "template"}


@functools.lru_cache(maxsize=32)
def _template(output: str, source: str) -> Template:
    """Compiled once: that takes longer than filling it in for one phone."""
    found: Template = environment(FORMATS[output]).from_string(source)
    return found


def _filled(template: Template, values: dict[str, Any]) -> str:
    """The text, given up as soon as it is too long rather than when it is whole."""
    parts: list[str] = []
    length = 0
    for part in template.generate(values):
        length += len(part)
        if length > OUTPUT_MAX:
            raise OverflowError
        parts.append(part)
    return "".join(parts)


if __name__ == "__main__":
    main()
