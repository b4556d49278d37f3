"""How what was found is to be judged. Pure: the facts come from examining.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network

from portal.doctor.finding import Finding, attention, fault, good
from storage.clock import MOSCOW, moscow_date
from storage.phrases import Phrase

#: A disk that is fuller than this fails within days: publications need room twice.
LITTLE_ROOM_BYTES, NO_ROOM_BYTES = 5 * 1024**3, 512 * 1024**2
LITTLE_ROOM_SHARE = 0.05
#: Jobs wait for seconds; after so long nobody runs them.
SLOW_QUEUE, DEAD_QUEUE = timedelta(minutes=2), timedelta(minutes=15)
#: A letter is tried for two days; after so long people should know.
LATE_LETTER = timedelta(minutes=30)
CERTIFICATE_SOON = timedelta(days=21)
CLOCK_SLACK = timedelta(minutes=5)
#: More addresses than a company has phones in: somebody typed a network too short.
WIDE_NETWORK = 2**20
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Queue:
    """`waiting_since` is when the oldest job that is due became due."""

    waiting: int
    waiting_since: datetime | None
    failed_today: int


@dataclass(frozen=True)
class Letters:
    """`waiting_since` is when the oldest unsent letter was written."""

    server: str | None
    unreachable: str | None
    waiting: int
    waiting_since: datetime | None


@dataclass(frozen=True)
class Room:
    """Bytes of the disk under a folder."""

    place: str
    free: int
    total: int


def sqlite(version: str, *, in_use: bool, is_safe: bool) -> Finding:
    """Whether this SQLite keeps what was committed (docs: storage/db.py)."""
    if not in_use:
        return good("sqlite", "Не используется", "Not in use")
    if is_safe:
        return good("sqlite", f"SQLite {version}, режим WAL", f"SQLite {version}, in WAL mode")
    return attention(
        "sqlite",
        Phrase(
            f"SQLite {version} может терять записи в режиме WAL, он выключен",
            f"SQLite {version} may lose commits in WAL mode, which is off",
        ),
        Phrase(
            "Установите пакет pysqlite3 из requirements.txt: с ним запись быстрее",
            "Install the package pysqlite3 of requirements.txt: writing is quicker with it",
        ),
    )


def key_file(path: str, *, mode: int, beside_data: bool) -> Finding:
    """Who may read the key of the secrets, and whether a copy of the data takes it along."""
    if mode & 0o077:
        return fault(
            "key-file",
            Phrase(f"{path} могут читать другие", f"Others may read {path}"),
            Phrase(f"chmod 600 {path}", f"chmod 600 {path}"),
        )
    if beside_data:
        return attention(
            "key-file",
            Phrase(
                f"{path} лежит рядом с данными, которые им закрыты",
                f"{path} lies beside the data that it seals",
            ),
            Phrase(
                "Перенесите его и задайте FLATPRO_KEY_FILE; копию храните отдельно",
                "Move it and set FLATPRO_KEY_FILE; keep a copy apart",
            ),
        )
    return good("key-file", path, path)


def signing(mode: str, alarming: Sequence[str]) -> Finding:
    """Whether the signed lists are believed for long enough; `mode` is local, offline or mirror."""
    if alarming:
        names = ", ".join(alarming)
        return fault(
            "signatures",
            Phrase(f"Скоро перестанут верить: {names}", f"Soon not believed any more: {names}"),
            Phrase(
                "flatpro keys list скажет, кто должен подписать; flatpro metadata refresh",
                "flatpro keys list tells who has to sign; flatpro metadata refresh",
            ),
        )
    if mode == "local":
        return attention(
            "signatures",
            Phrase(
                "Подписи свежие; ключ прошивок лежит на этом сервере (режим local)",
                "Signatures are fresh; the firmware key lies on this server (mode local)",
            ),
            Phrase(
                "Для производителя: docs/runbooks/key-rotation.md, режим offline",
                "For a vendor: docs/runbooks/key-rotation.md, mode offline",
            ),
        )
    return good("signatures", f"Свежие, режим {mode}", f"Fresh, mode {mode}")


def clock(now: datetime, newest: datetime | None, *, synchronised: bool | None) -> Finding:
    """Whether time runs; `newest` is the newest record of anybody."""
    advice = Phrase(
        "Включите синхронизацию времени (chrony): по часам считаются подписи и сроки",
        "Turn time synchronisation on (chrony): signatures and terms go by the clock",
    )
    if newest is not None and newest > now + CLOCK_SLACK:
        return fault(
            "clock",
            Phrase(
                f"Часы отстали: в базе есть запись от {_local(newest)} МСК",
                f"The clock went back: a record is dated {_local(newest)} MSK",
            ),
            advice,
            newest,
        )
    if synchronised is False:
        return attention(
            "clock", Phrase("Часы не синхронизируются", "The clock is not synchronised"), advice
        )
    return good("clock", f"{_local(now)} МСК", f"{_local(now)} MSK", now)


def disk(room: Room) -> Finding:
    """How much room is left."""
    left = Phrase(
        f"{room.place}: свободно {_gib(room.free)} из {_gib(room.total)} ГиБ",
        f"{room.place}: {_gib(room.free)} of {_gib(room.total)} GiB free",
    )
    advice = Phrase(
        "flatpro storage collect уберёт ненужное; добавьте диск или FLATPRO_BLOB_URL",
        "flatpro storage collect removes what nobody needs; add a disk or FLATPRO_BLOB_URL",
    )
    if room.free < NO_ROOM_BYTES:
        return fault("disk", left, advice)
    if room.free < LITTLE_ROOM_BYTES or room.free < room.total * LITTLE_ROOM_SHARE:
        return attention("disk", left, advice)
    return good("disk", left.ru, left.en)


def stored_files(bad: Sequence[str]) -> Finding:
    """What lies in quarantine."""
    if not bad:
        return good("stored-files", "Все целы", "All are whole")
    return fault(
        "stored-files",
        Phrase(f"Повреждено или потеряно: {len(bad)}", f"Damaged or lost: {len(bad)}"),
        Phrase(
            f"flatpro storage refill FILE, файл с SHA-256 {bad[0]}",
            f"flatpro storage refill FILE, the file with SHA-256 {bad[0]}",
        ),
    )


def queue(found: Queue, now: datetime) -> Finding:
    """Whether somebody runs the jobs."""
    waited = now - found.waiting_since if found.waiting_since else timedelta(0)
    told = Phrase(
        f"Ждут {found.waiting}, дольше всех {_minutes(waited)} мин; "
        f"не удалось за сутки: {found.failed_today}",
        f"{found.waiting} waiting, the longest for {_minutes(waited)} min; "
        f"failed within a day: {found.failed_today}",
    )
    if waited > DEAD_QUEUE:
        return fault(
            "jobs",
            told,
            Phrase(
                "Никто не выполняет задания: работает ли flatpro serve или flatpro worker?",
                "Nobody runs jobs: is flatpro serve or flatpro worker running?",
            ),
        )
    if waited > SLOW_QUEUE or found.failed_today:
        return attention(
            "jobs",
            told,
            Phrase("Посмотрите страницу «Задания»", "Look at the page “Jobs”"),
        )
    return good("jobs", told.ru, told.en)


def letters(found: Letters, now: datetime) -> Finding:
    """Whether letters leave."""
    if found.server is None:
        return attention(
            "mail",
            Phrase("Письма не отправляются", "No letters are sent"),
            Phrase("Задайте FLATPRO_SMTP_URL", "Set FLATPRO_SMTP_URL"),
        )
    if found.unreachable:
        return fault(
            "mail",
            Phrase(
                f"{found.server} не отвечает: {found.unreachable}",
                f"{found.server} does not answer: {found.unreachable}",
            ),
            Phrase(
                "Письма ждут в базе два дня; проверьте FLATPRO_SMTP_URL и сеть",
                "Letters wait in the database for two days; check FLATPRO_SMTP_URL and the net",
            ),
        )
    if found.waiting_since and now - found.waiting_since > LATE_LETTER:
        return attention(
            "mail",
            Phrase(f"Ждут отправки: {found.waiting}", f"Waiting to be sent: {found.waiting}"),
            Phrase("Причина — в журнале, mail-not-taken", "The log tells why, mail-not-taken"),
        )
    return good("mail", f"{found.server} отвечает", f"{found.server} answers")


def networks(allowed: Sequence[Network]) -> Finding:
    """Where phones may be read."""
    if not allowed:
        return attention(
            "read-networks",
            Phrase("Телефоны не читаются: сети не заданы", "No phone is read: no network is set"),
            Phrase(
                "Задайте FLATPRO_READ_NETWORKS, например 10.20.0.0/16",
                "Set FLATPRO_READ_NETWORKS, 10.20.0.0/16 for example",
            ),
        )
    told = ", ".join(map(str, allowed))
    if any(network.num_addresses > WIDE_NETWORK for network in allowed):
        return attention(
            "read-networks",
            Phrase(f"Слишком широко: {told}", f"Too wide: {told}"),
            Phrase(
                "Оставьте в FLATPRO_READ_NETWORKS только сети телефонов",
                "Leave only the networks of phones in FLATPRO_READ_NETWORKS",
            ),
        )
    return good("read-networks", told, told)


def certificate(url: str, expires_at: datetime | None, error: str | None, now: datetime) -> Finding:
    """`expires_at` is None without TLS, or where nobody answered."""
    if not url.startswith("https://"):
        return attention(
            "certificate",
            Phrase(f"{url} без TLS", f"{url} is without TLS"),
            Phrase("deploy/README.md: nginx с TLS", "deploy/README.md: nginx with TLS"),
        )
    if expires_at is None:
        return attention(
            "certificate",
            Phrase(f"{url}: не проверен ({error})", f"{url}: not checked ({error})"),
            Phrase(
                "Проверьте адрес и сертификат с этого сервера",
                "Check the address and the certificate from this server",
            ),
        )
    left = expires_at - now
    day = f"{moscow_date(expires_at):%d.%m.%Y}"
    told = Phrase(f"{url}: до {day}", f"{url}: until {day}")
    renew = Phrase("Обновите сертификат", "Renew the certificate")
    if left <= timedelta(0):
        return fault("certificate", told, renew, expires_at)
    if left < CERTIFICATE_SOON:
        return attention("certificate", told, renew, expires_at)
    return good("certificate", told.ru, told.en, expires_at)


def _local(instant: datetime) -> str:
    """As pages tell an instant: in Moscow."""
    return f"{instant.astimezone(MOSCOW):%d.%m.%Y %H:%M}"


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f}"


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
