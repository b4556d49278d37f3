"""In which language the answer to this request is written: what the roof chose for its reader."""

from flask_babel import get_locale


def answer_language() -> str:
    """The language of this answer: "ru" or "en"."""
    return "en" if str(get_locale()) == "en" else "ru"
