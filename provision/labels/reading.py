"""The codes on a photo, read by a process with limits: a bomb ends that alone."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provision.labels.codes import Code
from provision.labels.decoder import CPU_S, PIXELS_MAX
from storage.refusals import RefusedError, UnavailableError

BYTES_MAX = 20 * 1024**2
#: Decoders at a time, of up to 64 MiB besides the photo; who waits longer is told to come again.
DECODERS = threading.BoundedSemaphore(2)
WAIT_S = 5.0
_ROOT = Path(__file__).parents[2]
#: Memory that was given back by the first look at a photo is gone before the second takes its own.
ENVIRON = {
    "PATH": os.defpath,
    "PYTHONPATH": str(_ROOT),
    "MALLOC_MMAP_THRESHOLD_": str(1024**2),
}


class NoPhotoError(RefusedError):
    code = "no-photo"
    field = "photo"
    ru = "Выберите снимок или сделайте его."
    en = "Choose a photo, or take one."


class UnreadablePhotoError(RefusedError):
    code = "unreadable-photo"
    field = "photo"
    ru = "«{name}» не открывается как снимок. Нужен JPEG, PNG или WebP; HEIC сохраните как JPEG."
    en = "“{name}” does not open as a photo. Send JPEG, PNG or WebP; save HEIC as JPEG."


class LargePhotoError(RefusedError):
    code = "large-photo"
    field = "photo"
    ru = (
        "Снимок «{name}» слишком велик: до {mib} МиБ; обычный JPEG — до {pixels} млн точек,"
        " прогрессивный, PNG и WebP — меньше. Сохраните его как обычный JPEG или уменьшите."
    )
    en = (
        "The photo “{name}” is too large: at most {mib} MiB; a plain JPEG up to {pixels}"
        " megapixels, a progressive one, PNG and WebP fewer. Save it as a plain JPEG, or shrink it."
    )


class BusyReadingError(UnavailableError):
    code = "busy-reading-photos"
    field = "photo"
    ru = "Сервер сейчас занят другими снимками. Отправьте свои ещё раз через минуту."
    en = "The server is busy with other photos. Send yours again in a minute."


class NothingOnPhotoError(RefusedError):
    code = "nothing-on-photo"
    field = "photo"
    ru = (
        "На снимке «{name}» не нашлось ни одного штрихкода. Снимите ближе и прямо, без бликов,"
        " чтобы штрихи были резкими, — или введите MAC и номер вручную."
    )
    en = (
        "No code was found on “{name}”. Come closer and hold the camera straight, without glare, so"
        " that the bars are sharp, or enter MAC and serial number by hand."
    )


class NoLabelOnPhotoError(RefusedError):
    code = "no-label-on-photo"
    field = "photo"
    ru = (
        "На снимке «{name}» прочитаны коды, но ни MAC, ни серийного номера в них нет: {texts}."
        " Снимите сторону коробки с этикеткой телефона."
    )
    en = (
        "Codes were read on “{name}”, but neither a MAC nor a serial number is in them: {texts}."
        " Photograph the side of the box with the phone's label."
    )


def read(content: bytes, name: str, wait_s: float = WAIT_S) -> Sequence[Code]:
    """Every code on the photo; raises a RefusedError that says what to do."""
    if not content:
        raise NoPhotoError
    if len(content) > BYTES_MAX:
        raise _too_large(name)
    match _asked(content, wait_s):
        case {"codes": []}:
            raise NothingOnPhotoError(name=name)
        case {"codes": list(found)}:
            return [Code(one["format"], one["text"], one["x"], one["y"]) for one in found]
        case {"refused": "pixels"}:
            raise _too_large(name)
    raise UnreadablePhotoError(name=name)


def _asked(content: bytes, wait_s: float) -> Any:
    if not DECODERS.acquire(timeout=wait_s):
        raise BusyReadingError
    try:
        done = subprocess.run(
            [sys.executable, "-m", "provision.labels.decoder"],
            input=content,
            capture_output=True,
            timeout=2 * CPU_S,
            check=False,
            cwd=_ROOT,
            env=ENVIRON,
        )
        return json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        return None
    finally:
        DECODERS.release()


def _too_large(name: str) -> LargePhotoError:
    mib, pixels = BYTES_MAX // 1024**2, PIXELS_MAX // 1_000_000
    return LargePhotoError(name=name, mib=mib, pixels=pixels)
