"""What each kind of job does, for people (pure)."""

from storage.phrases import Phrase

NAMES = {
    "catalogue.mirror-sync": Phrase("Обновление зеркала", "Mirror brought up to date"),
    "catalogue.renew": Phrase("Подписи списков", "Signatures of the lists"),
    "docs_store.read": Phrase("Чтение документа", "A document read"),
    "docs_store.read-missed": Phrase("Чтение пропущенных документов", "Missed documents read"),
    "firmware.publish-due": Phrase("Выпуск в назначенное время", "Drafts whose time has come"),
    "firmware.resign": Phrase("Подписи прошивок", "Lists of firmware signed anew"),
    "firmware.sweep-uploads": Phrase("Уборка брошенных загрузок", "Unfinished uploads removed"),
    "personal-data.expire": Phrase("Сроки персональных данных", "Terms of personal data"),
    "provision.conduct-rollouts": Phrase("Ход развёртываний", "Rollouts conducted"),
    "provision.diagnose": Phrase("Диагностика телефона", "Diagnosis of a phone"),
    "provision.import": Phrase("Приём телефонов из таблицы", "Phones taken in from a table"),
    "provision.look-for-left-resyncs": Phrase("Брошенные запросы", "Requests left under way"),
    "provision.look-for-stale-configurations": Phrase(
        "Поиск устаревших настроек", "Stale configurations looked for"
    ),
    "provision.note-many-macs": Phrase(
        "Поиск перебора MAC", "Addresses that ask for many MACs looked for"
    ),
    "provision.prepare-configurations": Phrase("Подготовка настроек", "Configurations prepared"),
    "provision.prune-check-ins": Phrase("Уборка старых выходов на связь", "Old check-ins removed"),
    "provision.read": Phrase("Чтение телефонов", "Phones read"),
    "provision.resync": Phrase("Просьба выйти на связь за настройками", "Phones asked to fetch"),
    "provision.sweep": Phrase("Обход сети", "Sweep of networks"),
    "storage.collect": Phrase("Уборка ненужных файлов", "Files that nobody needs removed"),
    "storage.scrub": Phrase("Проверка хранения, доля", "Stored files checked, a share"),
    "storage.scrub-all": Phrase("Проверка хранения, всё", "Stored files checked, all"),
    "support.count-fleet": Phrase("Подсчёт парка", "Phones in service counted"),
    "support.count-repairs": Phrase("Подсчёт ремонтов", "Repairs counted"),
    "support.fetch-mail": Phrase("Получение писем", "Mail fetched"),
    "support.remind-of-breaches": Phrase("Напоминания об утечках", "Reminders of breaches"),
    "support.remind-of-loaners": Phrase("Напоминания о подменных", "Reminders of loaners"),
    "support.remind-of-repairs": Phrase("Напоминания о ремонтах", "Reminders of repairs"),
    "support.remind-of-subject-requests": Phrase(
        "Напоминания о запросах субъектов данных", "Reminders of requests of data subjects"
    ),
    "support.remind-of-windows": Phrase(
        "Напоминания о сроках сертификатов", "Reminders of certificates"
    ),
    "support.send-mail": Phrase("Отправка писем", "Mail sent"),
    "support.watch-requests": Phrase("Сроки обращений", "Deadlines of requests watched"),
}


def said(kind: str) -> Phrase:
    """The name of a kind; one of another version of the program is its own."""
    return NAMES.get(kind, Phrase(kind, kind))
