"""What was freed goes back to the system, and threads share few arenas, where glibc is in use."""

import subprocess
import sys

import pytest

from portal.heap import ARENAS, Heap, glibc

pytestmark = pytest.mark.skipif(glibc() is None, reason="the C library is not glibc")

#: Twenty threads, each of which takes memory and lets go of all but the last of it.
THREADS = """
import ctypes, threading
from portal.heap import Heap, glibc
libc = glibc()
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
heap = Heap(libc, 0.2)
{start}
barrier = threading.Barrier(20)
def work():
    barrier.wait()
    taken = [libc.malloc(100_000) for _ in range(40)]
    for block in taken:
        ctypes.memset(block, 1, 100_000)
    barrier.wait()
    for block in taken[:-1]:
        libc.free(block)
threads = [threading.Thread(target=work) for _ in range(20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
ARENAS_NOW = """
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""
GIVEN_BACK = """
import time
def kib(name):
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])
deadline = time.monotonic() + 10
while kib("VmHWM") - kib("VmRSS") < 40_000 and time.monotonic() < deadline:
    time.sleep(0.1)
print(kib("VmHWM") - kib("VmRSS"))
"""


def told(program: str, start: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program.replace("{start}", start)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_threads_share_few_arenas_once_it_is_started() -> None:
    assert told(THREADS + ARENAS_NOW, "heap.start()").count("<heap nr=") <= ARENAS
    assert told(THREADS + ARENAS_NOW, "").count("<heap nr=") > ARENAS


def test_what_was_freed_is_given_back() -> None:
    assert int(told(THREADS + GIVEN_BACK, "heap.start()")) >= 40_000


def test_another_c_library_is_left_alone() -> None:
    heap = Heap(None, every_s=0.01)
    heap.start()
    heap.give_back()
    heap.stop()
