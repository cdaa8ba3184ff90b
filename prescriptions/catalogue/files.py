"""
A catalogue's file as rows: CSV as hospitals' systems write it, or the first sheet of an Excel book.

Cells come as text, stripped; a row's keys are the words of the file's first row.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from hospital import errors

ENCODINGS = ("utf-8-sig", "gb18030")
"""Excel in China saves CSV in GB 18030; which it is, the bytes say."""


class UnreadableFile(errors.Invalid):
    """This is neither CSV (UTF-8 or GB 18030) nor an Excel book (.xlsx), or it has no first row."""

    code = "catalogue.unreadable_file"


def rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """
    The rows below the first, each with its number as a spreadsheet shows it; empty ones left out.

    Raises:
        UnreadableFile: it is no such file.
        OSError: it cannot be opened.
    """
    lines = _sheet(path) if zipfile.is_zipfile(path) else _text(path)
    _, head = next(lines, (0, []))
    if not any(head):
        raise UnreadableFile(file=path.name)
    for number, cells in lines:
        if any(cells):
            padded = [*cells, *[""] * (len(head) - len(cells))]
            yield number, {word: cell for word, cell in zip(head, padded, strict=False) if word}


def _text(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    content = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            break
    else:
        raise UnreadableFile(file=path.name)
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as fault:
        raise UnreadableFile(file=path.name) from fault


def _sheet(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile) as fault:
        raise UnreadableFile(file=path.name) from fault
    try:
        for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
            yield number, [_shown(cell) for cell in cells]
    finally:
        book.close()


def _shown(cell: object) -> str:
    """A cell as the spreadsheet shows it: 24, not 24.0."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return f"{cell:.10f}".rstrip("0").rstrip(".")
    return str(cell).strip()
