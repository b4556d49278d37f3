"""Tables read: every encoding and delimiter gives the same rows, and nothing is guessed."""

import contextlib
import csv
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.enrolment import columns, spreadsheet, table, text
from storage.refusals import RefusedError

HEAD = ("MAC", "Серийный номер", "Изделие", "Ревизия", "Площадка", "Группа")
MAC = "02:f1:a7:00:00:01"
ROW = (MAC, "FP2648B2K7Q2XM6", "FP-B2", "A", "Офис на Тверской", "Зал; большой")


def as_csv(*rows: tuple[str, ...], delimiter: str = ";") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


def as_xlsx(*rows: tuple[str | int, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_encoding_and_delimiter_gives_the_same_row(encoding: str, delimiter: str) -> None:
    content = as_csv(HEAD, ROW, delimiter=delimiter).encode(encoding)
    (entry,) = table.read(content).entries
    told = (entry.mac, entry.serial, entry.product, entry.hardware, entry.site, entry.group)
    assert (told, entry.row) == (ROW, 2)


def test_a_spreadsheet_gives_the_same_row_and_its_numbers_as_typed() -> None:
    (entry, second) = table.read(as_xlsx(HEAD, ROW, (*ROW[:1], 4711, *ROW[2:]))).entries
    assert (entry.mac, entry.site, second.serial, second.row) == (MAC, ROW[4], "4711", 3)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
RUSSIAN = st.text(
    st.sampled_from("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф 0123456789,;\"'\t="), max_size=20
)


@given(st.lists(CELLS, min_size=1, max_size=5), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_unicode_holds_comes_back(groups: list[str], encoding: str) -> None:
    rows = [(MAC, "FP-B2", one) for one in groups]
    content = as_csv(("mac", "product", "group"), *rows).encode(encoding)
    found = [entry.group for entry in table.read(content).entries]
    assert found == [one.strip() for one in groups]


@given(st.lists(RUSSIAN, min_size=1, max_size=5))
def test_cp1251_comes_back_or_is_refused_and_never_changes(groups: list[str]) -> None:
    rows = [(MAC, "FP-B2", one) for one in groups]
    content = as_csv(("mac", "product", "group"), *rows).encode("cp1251")
    try:
        found = [entry.group for entry in table.read(content).entries]
    except text.UnreadableTextError:
        return
    assert found == [one.strip() for one in groups]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_refusal(content: bytes) -> None:
    with contextlib.suppress(RefusedError):
        table.read(b"mac,product\n" + content)


@pytest.mark.parametrize("encoding", ["koi8-r", "cp866", "mac-cyrillic"])
def test_another_russian_encoding_is_refused_with_its_row(encoding: str) -> None:
    content = as_csv(("mac", "product", "site"), (MAC, "FP-B2", "x"), (MAC, "FP-B2", "Офис"))
    with pytest.raises(text.UnreadableTextError) as caught:
        table.read(content.encode(encoding))
    assert caught.value.details["row"] == 3


def test_a_broken_unicode_is_refused_with_its_row() -> None:
    content = "mac,product,site\n1,2,Офис\n1,2,".encode("utf-16") + b"\x00\xd8\n\x00"
    with pytest.raises(text.UnreadableTextError) as caught:
        table.read(content)
    assert caught.value.details["row"] == 3


@pytest.mark.parametrize(
    "content",
    [
        'mac,product\n"02f1a7000001,FP-B2\n',
        "mac,product\n02f1a7000001\n",
        "mac,product\n02f1a7000001,FP-B2,more\n",
        f"mac,product\n{'x' * 600},FP-B2\n",
        f"mac,product\n{'x' * 200_000},FP-B2\n",
    ],
)
def test_a_row_that_cannot_be_taken_apart_is_named(content: str) -> None:
    with pytest.raises(table.BrokenTableError) as caught:
        table.read(content.encode())
    assert caught.value.details["row"] in {2, 3}


def test_what_the_head_must_say() -> None:
    for content in (b"", b"\n\n", b"02f1a7000001,FP-B2\n", b"mac,site\n"):
        with pytest.raises(columns.MissingColumnsError):
            table.read(content)
    with pytest.raises(columns.RepeatedColumnError):
        table.read(b"mac,product,MAC\n")
    read = table.read("№;MAC-адрес;Модель;sip.1.password\n1;2;3;x\n".encode())
    assert (list(read.ignored), read.entries[0].mac) == (["№"], "2")
    assert (list(read.settings), read.entries[0].settings) == (
        ["sip.1.password"],
        {"sip.1.password": "x"},
    )


def test_a_table_past_its_limits_is_refused() -> None:
    rows = b"1,2\n" * (table.ROWS_MAX + 1)
    wide = ",".join(["mac", "product", *("x" * 70)]).encode()
    for content in (b"mac,product\n" + rows, b" " * (table.BYTES_MAX + 1), wide):
        with pytest.raises(table.TableTooLargeError):
            table.read(content)


def test_a_number_that_a_spreadsheet_rounded_is_named() -> None:
    with pytest.raises(spreadsheet.RoundedNumberError) as caught:
        table.read(as_xlsx(("mac", "product", "serial"), (MAC, "FP-B2", 12345678901234567890)))
    assert caught.value.details["row"] == 2


def test_a_sheet_that_asks_for_all_memory_ends_its_own_process() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"] = "mac"
    sheet["XFD1048576"] = "far"
    out = io.BytesIO()
    book.save(out)
    for content in (out.getvalue(), b"PK\x03\x04 nothing", b"\xd0\xcf\x11\xe0"):
        with pytest.raises(spreadsheet.UnreadableSheetError):
            table.read(content)
