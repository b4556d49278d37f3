"""A phone whose every word is an attack on the page, table or letter that shows it."""

from ipaddress import IPv4Address

from accounts import users
from provision import folding
from provision.devices import readings, registry
from provision.devices.readings import Attempt
from provision.readers.facts import DeviceFacts, LineFacts, clean
from provision.sweeps import results
from provision.sweeps.models import Sweep
from provision.sweeps.scanning import Swept
from storage.clock import now
from storage.installation import Installation
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, Estate

MARK = "zq7x"
#: Each says the mark, so that a page that shows none of them is noticed.
WORDS = (
    f"<script>window.{MARK}=1</script>",
    f"<img src=x onerror=window.{MARK}=1>",
    f"<svg/onload=window.{MARK}=1>",
    f'"><script>window.{MARK}=1</script>',
    f"' autofocus onfocus='window.{MARK}=1",
    f"</title><script>window.{MARK}=1</script>",
    f"</textarea><script>window.{MARK}=1</script>",
    f"<!--{MARK}--><iframe srcdoc='<script>parent.{MARK}=1</script>'>",
    f"javascript:window.{MARK}=1//",
    f"{{{{ 7*7 }}}}{MARK}${{7*7}}",
    f'=HYPERLINK("http://x/","{MARK}")',
    f"\x1b[31m{MARK}\x07\x00",
    f"{MARK}\r\nBcc: all@example.com",
    f"\u202e{MARK}\u2028\u200b",
    f"%0d%0aSet-Cookie:{MARK}=1",
    f"<a href=javascript:{MARK}()>{MARK}</a>",
    f"<style>*{{background:url(//x/{MARK})}}</style>",
    f"\ufeff<math><mtext></mtext><script>{MARK}</script>",
)
PAGES = (
    f"/staff/devices/{MAC}",
    "/staff/devices/",
    "/staff/devices/?q=<script>",
    "/staff/newcomers/",
    "/staff/sweeps/",
    "/staff/sweeps/1",
    "/staff/",
    "/staff/audit",
)


def facts(said: str) -> DeviceFacts:
    """What its readers make of it."""
    word = clean(said)
    assert word
    return DeviceFacts(
        vendor=word,
        product=word,
        hardware=word,
        firmware=word,
        description=word,
        last_reboot_reason=word,
        neighbour=word,
        configuration=word,
        lines=(LineFacts(word, word, word),),
        sources={"vendor": word},
        refused={"uptime_s": word},
    )


def build(place: Installation, word: str) -> Estate:
    """A phone on record, a reading of it and a sweep's result, all of them saying this word."""
    with place.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    made = estates.build(place)
    say(place, word)
    return made


def say(place: Installation, word: str) -> None:
    """It says another word now."""
    address = "127.0.88.1"
    with place.database.writing() as session:
        device = registry.get(session, MAC)
        attempt = Attempt(address, "snmp", "test", facts(word), transcript=word)
        readings.record(session, attempt, now=now(), asked=device)
        if session.get(Sweep, 1) is None:
            session.add(a_sweep())
            session.flush()
        found = [Swept(str(IPv4Address(address) + n), "sweep", facts(word)) for n in range(2)]
        results.store(session, 1, found, now())
    folding.reader_of(place).fold()


def a_sweep() -> Sweep:
    return Sweep(
        id=1,
        networks=["127.0.88.0/30"],
        addresses=4,
        seed=0,
        rate=1000,
        port=161,
        timeout_s=1.0,
        retries=1,
        community=b"",
        started_by="test",
        started_at=NOW,
    )
