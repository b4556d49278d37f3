"""Pages for staff: the list of documents, the publish form, one document with its withdrawals."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import keys
from catalogue.mirrors import mode
from catalogue.mirrors.options import MirrorOptions
from docs_store import asking, form, library, publishing, reading_state, search, withdrawing
from docs_store.editions import PublishedEdition
from docs_store.form import Refilled
from docs_store.kinds import Kind
from docs_store.naming import Language
from docs_store.publishing import NewEdition, UploadOptions
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing

staff = Blueprint(
    "docs_store_staff", __name__, url_prefix="/staff/documents", template_folder="templates"
)

PUBLISHERS = roles(Role.PUBLISHER)
#: What the fields beside the file take at most, in bytes.
FIELDS_BYTES = 1_000_000


@staff.get("/", endpoint="documents")
@staff_rule
def list_documents() -> str:
    """Every document, or those that the query names."""
    query, page = asking.query(), asking.page()
    with reading() as session:
        listed = search.listed(session, query, page)
    return render_template(
        "docs_store/staff_documents.html",
        query=query,
        listed=listed,
        page=page,
        page_size=search.PAGE,
        may_publish=PUBLISHERS.allows(acting()),
    )


@staff.get("/new")
@PUBLISHERS
def new_edition() -> str:
    """The publish form; for a document that exists it starts with what is known."""
    with reading() as session:
        found = library.find(session, request.args.get("slug", ""))
    return _form(Refilled(form.next_edition(found) if found else form.EMPTY))


@staff.post("/new")
@PUBLISHERS
def publish_edition() -> AnyResponse | tuple[str, int]:
    """Publish what the form holds; what was typed stays in it when that is refused."""
    file = request.files.get("file")
    new = form.typed_edition(request.form, file)
    with reading() as session:
        wrong = form.problems(session, new)
    if wrong or file is None:
        return _form(Refilled(new, wrong)), 422
    try:
        published = _publish(new, file)
    except RefusedError as refusal:
        return _form(Refilled(new, (refusal,))), status_of(refusal)
    flash(
        _(
            "Edition %(version)s of “%(title)s” was published.",
            version=published.version,
            title=published.title,
        )
    )
    return redirect(url_for(".documents"))


@staff.get("/<slug>/")
@staff_rule
def document(slug: str) -> str:
    """One document: what was read from each edition, and withdrawing one."""
    return _document(slug)


@staff.post("/<slug>/withdraw")
@PUBLISHERS
def withdraw(slug: str) -> AnyResponse | tuple[str, int]:
    """Stop offering an edition, with a reason that everyone sees."""
    language, _slash, version = request.form.get("edition", "").partition("/")
    reason = request.form.get("reason", "")
    try:
        with writing() as session:
            withdrawing.withdraw(
                session,
                slug,
                language,
                version,
                keys.of(installation()),
                reason=reason,
                actor=acting().login,
                now=now(),
            )
    except withdrawing.ReasonNeededError as error:
        return _document(slug, error), 422
    flash(_("Edition %(version)s is withdrawn.", version=version))
    return redirect(url_for(".document", slug=slug))


@staff.url_value_preprocessor
def _allow_a_large_file(endpoint: str | None, _values: object) -> None:
    # The form token is read before the view runs, and that is when the size is judged.
    if endpoint == "docs_store_staff.publish_edition":
        largest = installation().option(UploadOptions).max_bytes
        request.max_content_length = largest + FIELDS_BYTES


def _document(slug: str, error: RefusedError | None = None) -> str:
    with reading() as session:
        found = library.get(session, slug)
        states = reading_state.of_all(session, slug)
    names = {Language.RU: _("Russian"), Language.EN: _("English")}
    return render_template(
        "docs_store/staff_document.html",
        document=found,
        kind=Kind(found.kind),
        editions=library.ever_published(found),
        states=states,
        offered=[
            (f"{one.language}/{one.version}", f"{one.version}, {names[one.language]}")
            for one in library.published(found)
        ],
        error=error,
        typed=request.form,
        may_publish=PUBLISHERS.allows(acting()),
    )


def _publish(new: NewEdition, file: FileStorage) -> PublishedEdition:
    blobs, options = installation().blobs, installation().option(UploadOptions)
    blob = publishing.store_file(blobs, file.stream, new.file_name, options)
    with writing() as session:
        return publishing.publish(
            session, new, blob, keys.of(installation()), actor=acting().login, now=now()
        )


def _form(refilled: Refilled) -> str:
    with reading() as session:
        return render_template(
            "docs_store/publish.html",
            form=refilled,
            refusal=mode.refusal_to_publish(session, installation().option(MirrorOptions).url),
            language_options=[(Language.RU, _("Russian")), (Language.EN, _("English"))],
            **asking.options(session),
            max_bytes=installation().option(UploadOptions).max_bytes,
        )
