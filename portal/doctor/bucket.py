"""How the place of files outside this machine is judged. Pure: the facts come from examining.py."""

from portal.doctor.finding import Finding, fault, good
from storage.phrases import Phrase


def judged(away_s: float | None, copies: int, size: int) -> Finding:
    """Whether the files' own place answers, and what is given out without it."""
    mib = f"{size / 1024**2:,.0f}".replace(",", "\u00a0")
    kept = Phrase(f"копий здесь: {copies}, {mib} МиБ", f"copies here: {copies}, {mib} MiB")
    if away_s is None:
        return good("bucket", f"Отвечает; {kept.ru}", f"Answers; {kept.en}")
    waited = round(away_s / 60)
    return fault(
        "bucket",
        Phrase(
            f"Хранилище файлов не отвечает {waited} мин: выдаются копии, запись отклоняется; "
            f"{kept.ru}",
            f"The store of files is away for {waited} min: copies are given out, writing is "
            f"refused; {kept.en}",
        ),
        Phrase(
            "Проверьте FLATPRO_BLOB_ENDPOINT и сеть; перезапускать ничего не нужно",
            "Look at FLATPRO_BLOB_ENDPOINT and the net; nothing has to be restarted",
        ),
    )
