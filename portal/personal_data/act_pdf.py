"""«Акт об уничтожении персональных данных»: what, where, when, by whom, on what basis."""

from datetime import date, datetime

from portal.personal_data.bases import Basis
from storage.clock import MOSCOW
from storage.phrases import Phrase
from support.papers.paper import Paper
from support.personal_data.models import ErasureAct
from support.personal_data.register import shipped

TITLE = Phrase("Акт об уничтожении персональных данных", "Act of destruction of personal data")
_SYSTEM = Phrase(
    "Информационная система «Сервер загрузок и поддержки»",
    "The information system “Download and support server”",
)
_METHOD = Phrase(
    "В базе данных сведения заменены пустыми или отметкой «(данные удалены)», освобождённое место"
    " переписано; файлы удалены из хранилища. Резервные копии сменяются по порядку хранения копий;"
    " при восстановлении из копии удаление повторяется по журналу.",
    "In the database the data were replaced by nothing or by the words “(данные удалены)”, and the"
    " room was overwritten; files were removed from the store. Backups go as their own order says;"
    " when one is restored, the erasure is repeated by the log.",
)


def act_pdf(act: ErasureAct, language: str) -> bytes:
    """The act, ready to be signed. It names no person: its journal has the person's key."""

    def say(ru: str, en: str) -> str:
        return Phrase(ru, en).text(language)

    title = f"{TITLE.text(language)} № {act.id}"
    paper = Paper(title, act.erased_at, title)
    paper.head(title, [say("ФЛАТ-ПРО, оператор персональных данных", "FLAT-PRO, the operator")])
    paper.pairs([
        (say("Когда", "When"), _moment(act.erased_at)),
        (say("Кто уничтожил", "By whom"), act.erased_by),
        (say("Основание", "Basis"), Basis(act.reason).phrase.text(language)),
        (say("Субъект (ключ журнала)", "The person (key of the log)"), _keys(act, language)),
        (say("Где", "Where"), _SYSTEM.text(language)),
        (say("Как", "How"), _METHOD.text(language)),
    ])  # fmt: skip
    gone = [one for one in act.log if one["done"] == "erased"]
    kept = [one for one in act.log if one["done"] == "kept"]
    names = [say("Что", "What"), say("Где записано", "Where"), say("Файлов", "Files")]
    paper.section(say("Уничтожено", "Destroyed"))
    rows = [[_name(one["class"], language), _where(one), str(one["files"])] for one in gone]
    paper.table(names, rows, (6, 7, 2))
    if kept:
        paper.section(say("Сохранено по закону", "Kept by law"))
        names = [names[0], names[1], say("До и почему", "Until, and why")]
        rows = [[_name(one["class"], language), _where(one), _until(one, language)] for one in kept]
        paper.table(names, rows, (4, 5, 6))
    paper.signatures([
        say("Уничтожил: подпись, дата", "Destroyed by: signature, date"),
        say("Ответственный за обработку: подпись, дата", "Responsible: signature, date"),
    ])  # fmt: skip
    return paper.finished()


def _name(code: str, language: str) -> str:
    known = shipped().find(code)
    return known.name.text(language) if known else code


def _where(line: dict[str, object]) -> str:
    count, column = line.get("count"), line.get("column")
    where = f"{line['subject']}, {column}" if column else str(line["subject"])
    return f"{where} × {count}" if count else where


def _until(line: dict[str, object], language: str) -> str:
    known = shipped().find(str(line["class"]))
    day = str(line.get("until") or "")
    until = f"{date.fromisoformat(day):%d.%m.%Y}" if day else "—"
    return f"{until}. {known.basis.text(language) if known else ''}"


def _keys(act: ErasureAct, language: str) -> str:
    about = str(act.log[0].get("about", "")) if act.log else ""
    nobody = Phrase("многие: срок хранения истёк", "many: the term is over")
    return "\n".join((act.person or about).split()) or nobody.text(language)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(MOSCOW):%d.%m.%Y %H:%M} (МСК)"
