"""On what grounds personal data are destroyed."""

from enum import StrEnum

from storage.phrases import Phrase


class Basis(StrEnum):
    """Why. The last three are not chosen: a term that ended, a restored backup, reviewed words."""

    WITHDRAWAL = "withdrawal"
    REQUEST = "request"
    ORDER = "order"
    TERM = "term"
    RESTORE = "restore"
    WORDS = "words"

    @property
    def phrase(self) -> Phrase:
        return _BASES[self]


_BASES = {
    Basis.WITHDRAWAL: Phrase(
        "отзыв согласия (152-ФЗ, ст. 9 ч. 2, ст. 21 ч. 5)",
        "consent withdrawn (152-FZ, articles 9.2 and 21.5)",
    ),
    Basis.REQUEST: Phrase(
        "требование субъекта (152-ФЗ, ст. 14 ч. 1, ст. 20 ч. 3)",
        "the person's demand (152-FZ, articles 14.1 and 20.3)",
    ),
    Basis.ORDER: Phrase(
        "предписание уполномоченного органа (152-ФЗ, ст. 21)",
        "an order of the authority (152-FZ, article 21)",
    ),
    Basis.TERM: Phrase(
        "срок хранения истёк, цель достигнута (152-ФЗ, ст. 21 ч. 4)",
        "the term is over, the purpose reached (152-FZ, article 21.4)",
    ),
    Basis.RESTORE: Phrase(
        "повторное удаление после восстановления из резервной копии",
        "erased again after a backup was restored",
    ),
    Basis.WORDS: Phrase(
        "слова о человеке в чужих текстах, просмотрено сотрудником (152-ФЗ, ст. 20 ч. 3, ст. 21)",
        "words about a person in others' texts, looked at by staff (152-FZ, articles 20.3 and 21)",
    ),
}
#: What people choose from.
CHOSEN = (Basis.WITHDRAWAL, Basis.REQUEST, Basis.ORDER)
