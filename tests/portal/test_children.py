"""A kept process: it begins when told, is started again with the word, and ends with its parent."""

import signal
import subprocess
import sys
from pathlib import Path

from portal.children import Child
from tests.waiting import until

_CHILD = """
import os, sys, time
from pathlib import Path
from portal.children import end_with_parent, wait_for_word
place = Path(sys.argv[1])
(place / f"loaded-{os.getpid()}").touch()
wait_for_word()
end_with_parent()
(place / f"begun-{os.getpid()}").touch()
time.sleep(60)
"""
_PARENT = """
import sys, time
from portal.children import Child
child = Child("test", sys.argv[1:])
child.start()
time.sleep(60)
"""


def command(folder: Path) -> list[str]:
    return [sys.executable, "-c", _CHILD, str(folder)]


def names(folder: Path, word: str) -> list[str]:
    return sorted(path.name.partition("-")[2] for path in folder.glob(f"{word}-*"))


def is_gone(pid: str) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" in status.read_text()
    except FileNotFoundError:
        return True


def test_a_child_loads_at_once_and_begins_when_it_is_told(tmp_path: Path) -> None:
    with Child("test", command(tmp_path)) as child:
        child.start()
        until(lambda: len(names(tmp_path, "loaded")) == 1)
        assert names(tmp_path, "begun") == []
        child.release()
        until(lambda: len(names(tmp_path, "begun")) == 1)


def test_a_child_that_is_started_again_begins_by_itself(tmp_path: Path) -> None:
    with Child("test", command(tmp_path)) as child:
        child.start()
        child.release()
        until(lambda: len(names(tmp_path, "begun")) == 1)
        subprocess.run(["kill", "-KILL", names(tmp_path, "begun")[0]], check=True)
        until(lambda: len(names(tmp_path, "begun")) == 2)


def test_a_child_that_waits_for_its_word_ends_with_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, *command(tmp_path)])
    until(lambda: len(names(tmp_path, "loaded")) == 1)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    until(lambda: is_gone(names(tmp_path, "loaded")[0]))
    assert names(tmp_path, "begun") == []
