"""A program that publishes in forked children, for tests that kill them or fail their calls.

`python -m tests.publisher DATA_DIR WORK_DIR` reads one JSON object a line and answers with one.
Imports are paid for once, here; each child opens the installation anew, as a restart does.

{"do": "loop", "product": CODE, "delay_s": S, "pause": bool}: a child adds the product and publishes
1.0.0, 1.0.1 … until it is killed after S seconds. With pause it is stopped first: the answer
{"paused": true} comes, and one more line lets it be killed.
{"do": "once", "product": CODE, "version": V, "fault": [CALL, K, ERRNO]}: a child publishes V while
its K-th CALL on a file of the data folder fails.
"""

import ctypes
import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.images import build_image
from portal.cli import main

#: The shim of tests/storage/test_publish_faults.py looks for it.
ARM = "fault_arm"


def answer(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def flatpro(*arguments: str) -> None:
    # Without its standalone mode click gives the exit code back.
    code = main(args=list(arguments), standalone_mode=False)
    if code:
        raise SystemExit(code)


class Publisher:
    def __init__(self, work: Path) -> None:
        self._work = work

    @staticmethod
    def image(product: str, version: str) -> bytes:
        """The same image each time."""
        return build_image(product, version, ["A"], random.Random(version).randbytes(50_000))

    def publish(self, product: str, version: str) -> str:
        """Publish an image made for it; its SHA-256."""
        body = self.image(product, version)
        file = self._work / f"{product.lower()}-{version}.bin"
        file.write_bytes(body)
        flatpro("firmware", "publish", product, version, str(file), "--channel", "testing")
        file.unlink()
        return hashlib.sha256(body).hexdigest()

    def loop(self, product: str, tell: Callable[[str], object]) -> None:
        name = f"Flat Phone {product}"
        flatpro("product", "add", product, "--name-ru", name, "--name-en", name, "--hw", "A")
        tell(f"product {product}")
        for number in range(1000):
            tell(f"1.0.{number} {self.publish(product, f'1.0.{number}')}")


def forked(work: Callable[[Callable[[str], object]], object]) -> tuple[int, int]:
    """Run `work` in a child with a way to tell lines; the child's id and where to read them."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    code = 1
    try:
        os.close(reader)
        silence = os.open(os.devnull, os.O_RDWR)
        errors = os.open(os.environ["PUBLISHER_ERRORS"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number, target in ((0, silence), (1, silence), (2, errors)):
            os.dup2(target, number)
        work(lambda line: os.write(writer, f"{line}\n".encode()))
        code = 0
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException as error:  # noqa: BLE001 - whatever it was is told by the code
        code = getattr(error, "exit_code", 99)
        os.write(2, repr(error).encode())
    finally:
        os._exit(code)


def told(reader: int) -> list[str]:
    """The whole lines that a child told before its end."""
    with os.fdopen(reader, "rb") as lines:
        return [line.decode().strip() for line in lines.readlines() if line.endswith(b"\n")]


def loop(publisher: Publisher, order: dict[str, Any]) -> None:
    until_killed(lambda tell: publisher.loop(order["product"], tell), order)


def until_killed(work: Callable[[Callable[[str], object]], object], order: dict[str, Any]) -> None:
    """Let a child work for as long as ordered; what it told until then is the answer."""
    child, reader = forked(work)
    time.sleep(order["delay_s"])
    if order.get("pause"):
        os.kill(child, signal.SIGSTOP)
        answer(paused=True)
        sys.stdin.readline()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    answer(told=told(reader))


def once(publisher: Publisher, order: dict[str, Any]) -> None:
    call, number, error = order["fault"]

    def work(tell: Callable[[str], object]) -> None:
        shim = ctypes.CDLL(None)
        getattr(shim, ARM)(call.encode(), number, error)
        try:
            tell(publisher.publish(order["product"], order["version"]))
        finally:
            tell(f"hits {shim.fault_hits()}")

    child, reader = forked(work)
    lines = told(reader)
    _, status = os.waitpid(child, 0)
    answer(told=lines, code=os.waitstatus_to_exitcode(status))


def run(data: str, work: str) -> None:
    os.environ["FLATPRO_DATA_DIR"] = data
    os.environ["PUBLISHER_ERRORS"] = str(Path(work) / "errors")
    publisher = Publisher(Path(work))
    answer(ready=True)
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        {"loop": loop, "once": once}[order["do"]](publisher, order)


if __name__ == "__main__":
    run(*sys.argv[1:])
