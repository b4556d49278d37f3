"""What stands in the way of a backup or a restore."""

from storage.refusals import ConflictError, RefusedError


class BackupPlaceError(RefusedError):
    code = "backup-place"
    ru = "Копию нельзя записать в {path}: {reason}. Укажите файл в другой папке."
    en = "The backup cannot be written to {path}: {reason}. Name a file in another folder."


class BadBackupError(RefusedError):
    code = "bad-backup"
    ru = "Это не резервная копия или она повреждена, ничего не изменилось: {reason}"
    en = "This is no backup, or a damaged one; nothing was changed: {reason}"


class OtherRevisionError(ConflictError):
    code = "backup-of-another-version"
    ru = (
        "Копия снята версией {program} (ревизия базы {revision}). Восстановите её той версией, "
        "затем обновите программу."
    )
    en = (
        "The backup was made by version {program} (database revision {revision}). Restore it "
        "with that version, and update the program then."
    )


class OtherKeyError(ConflictError):
    code = "backup-of-another-key"
    ru = (
        "Файл ключа {path} — не тот, с которым снята копия: пароли телефонов не открылись бы. "
        "Верните тот файл на это место."
    )
    en = (
        "The key file {path} is not the one of this backup: no phone's password would open. "
        "Put that file back in its place."
    )


class NotEmptyError(ConflictError):
    code = "restore-into-used"
    ru = "Восстановить можно только в новую установку, а здесь уже есть данные ({what})."
    en = "A restore needs a new installation, and this one holds data already ({what})."
