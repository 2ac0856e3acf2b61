"""Read an office document, book or web page from stdin and print its text as JSON.

Runs in its own process, within the limits of pdf_reader.py. It opens no connection and starts no
program; macros are never run, and references to other files are not followed.
"""

import io
import json
import re
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ENOUGH = 1_000_000  # characters of a sheet: more than are ever kept
READ_S = 6  # less than the limit of the process: what was read until then is kept
MAX_UNPACKED = 300_000_000  # bytes in all parts of a document
MAX_PARTS = 10_000
_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork")
# Whatever a document is named, this is in it: a folder, or how the part `mimetype` begins.
_FOLDERS = {"word/": "docx", "xl/": "sheet", "ppt/": "pptx", "META-INF/container.xml": "epub"}
_ODF = "application/vnd.oasis.opendocument."
_MIMETYPES = {
    f"{_ODF}text": "odt",
    f"{_ODF}spreadsheet": "sheet",
    f"{_ODF}presentation": "odp",
    "application/epub+zip": "epub",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_NOT_SHOWN = ("script", "style", "noscript", "template", "svg", "iframe", "object", "head")


class Unreadable(Exception):
    """A document whose text cannot be read; `args[0]` is why."""


def forbid() -> None:
    """Refuse connections and programs in this process: no document needs one."""

    def watch(event: str, arguments: object) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(event)

    sys.addaudithook(watch)


def read(data: bytes, form: str, max_chars: int) -> dict[str, Any]:
    """Return the `text` of a document, or `why` there is none; `cut` if it has more than that.

    `form` is "html" for a page in UTF-8, else "": the parts of the document tell.
    """
    told: dict[str, Any] = {"why": "", "text": "", "cut": False}
    text, is_cut, until = "", False, time.monotonic() + READ_S
    try:
        for block in _READERS[form or _form(data)](data):
            if is_cut := len(text) > max_chars or (text != "" and time.monotonic() > until):
                break
            if block := block.strip():
                text += re.sub(r"\n{3,}", "\n\n", block) + "\n\n"
    except Unreadable as error:
        return {**told, "why": error.args[0]}
    except (MemoryError, RecursionError):
        return {**told, "why": "heavy"}
    except Exception:  # noqa: BLE001 - parsers over a stranger's bytes: whatever they say, it is broken
        return {**told, "why": "broken"}
    text = text.rstrip()
    return {**told, "text": text[:max_chars], "cut": is_cut or len(text) > max_chars}


def _form(data: bytes) -> str:
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Unreadable("locked")
        return "sheet"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {part.filename: part for part in archive.infolist()}
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts.values()) > MAX_UNPACKED:
            raise Unreadable("heavy")
        if any(part.flag_bits & 1 for part in parts.values()):
            raise Unreadable("locked")
        if _is_locked(archive, parts):
            raise Unreadable("locked")
        if "mimetype" in parts:
            names, forms = [archive.read("mimetype").decode("latin-1")], _MIMETYPES
        else:
            names, forms = [*parts], _FOLDERS
    found = (form for begin, form in forms.items() for name in names if name.startswith(begin))
    form = next(found, "")
    if not form:
        raise Unreadable("unknown")
    return form


def _is_locked(archive: zipfile.ZipFile, parts: dict[str, Any]) -> bool:
    """Return whether an OpenDocument or a book is encrypted; a book's fonts often are."""
    if "META-INF/manifest.xml" in parts:
        return b"encryption-data" in archive.read("META-INF/manifest.xml")
    if "META-INF/encryption.xml" not in parts:
        return False
    methods = _xml(archive.read("META-INF/encryption.xml")).iter("{*}EncryptionMethod")
    return any(method.get("Algorithm") not in _FONTS for method in methods)


def _xml(data: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


def _docx(data: bytes) -> Iterator[str]:
    import mammoth

    def picture(image: Any) -> dict[str, str]:
        return {"src": ""}  # only its description is kept

    converted = mammoth.convert_to_html(
        io.BytesIO(data),
        convert_image=mammoth.images.img_element(picture),
        external_file_access=False,
    )
    yield _markdown(converted.value)


def _html(data: bytes) -> Iterator[str]:
    yield _markdown(data.decode("utf-8", "replace"))


def _markdown(html: str | bytes) -> str:
    """Return the visible text of HTML as Markdown, pictures as their descriptions."""
    from bs4 import BeautifulSoup, Comment
    from markdownify import MarkdownConverter

    soup = BeautifulSoup(html, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(_NOT_SHOWN):
        tag.decompose()
    for image in soup.find_all("img"):
        described = " ".join(str(image.get("alt") or "").split())
        image.replace_with(f"[Picture: {described}]" if described else "")
    for link in soup.find_all("a"):
        if not str(link.get("href") or "").startswith(("http:", "https:", "mailto:")):
            link.unwrap()
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        table_infer_header=True,
    )
    text = str(converter.convert_soup(soup)).strip()
    return f"{title}\n\n{text}" if title and title not in text else text


def _sheet(data: bytes) -> Iterator[str]:
    from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        raise Unreadable("locked") from None
    for sheet in book.sheets_metadata:
        hidden = "" if sheet.visible == SheetVisibleEnum.Visible else " (hidden)"
        rows, size = [], 0
        for row in book.get_sheet_by_name(sheet.name).iter_rows():
            rows.append("\t".join(map(_cell, row)).rstrip())
            size += len(rows[-1])
            if size > ENOUGH:
                break
        table = "\n".join(rows).strip("\n")
        if table:
            yield f"## Sheet {sheet.name}{hidden}\n\n{table}"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return " ".join(str(value).split())


def _table(rows: list[list[str]]) -> str:
    """Return rows of cells as a Markdown table."""
    lines = [
        "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |"
        for row in rows
    ]
    if lines:
        lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def _pptx(data: bytes) -> Iterator[str]:
    from pptx.package import Package

    slides = Package.open(io.BytesIO(data)).main_document_part.presentation.slides
    for number, slide in enumerate(slides, start=1):
        frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        yield _slide(number, _shapes(slide.shapes), frame.text if frame else "")


def _slide(number: int, shown: Iterable[str], notes: str) -> str:
    """Return the text of a slide, or "" if it has none."""
    texts = [*shown, f"Notes: {notes.strip()}" if notes.strip() else ""]
    return "\n\n".join([f"## Slide {number}", *filter(None, texts)]) if any(texts) else ""


def _shapes(shapes: Any) -> Iterator[str]:
    """Yield the texts of a slide in its order: paragraphs, tables, the figures of charts."""
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from _shapes(shape.shapes)
        elif getattr(shape, "has_table", False):
            yield _table([[cell.text for cell in row.cells] for row in shape.table.rows])
        elif getattr(shape, "has_chart", False):
            yield _chart(shape.chart)
        elif shape.has_text_frame:
            lines = ("  " * each.level + each.text for each in shape.text_frame.paragraphs)
            yield "\n".join(line for line in lines if line.strip()).replace("\v", "\n")


def _chart(chart: Any) -> str:
    """Return a chart's title and figures: a broken chart must not lose the rest of its slide."""
    try:
        title = chart.chart_title.text_frame.text if chart.has_title else ""
        plot = chart.plots[0]
        columns = [
            ["", *map(str, plot.categories)],
            *([each.name, *map(_cell, each.values)] for each in plot.series),
        ]
    except Exception:  # noqa: BLE001 - as in `read`
        return "Chart"
    table = _table([list(row) for row in zip(*columns, strict=False)])
    return "\n\n".join([f"Chart: {title}".rstrip(": "), table])


def _odt(data: bytes) -> Iterator[str]:
    from odfdo import Document

    document = Document(io.BytesIO(data))
    try:
        yield str(document.to_markdown())
    except Exception:  # noqa: BLE001 - it knows the usual parts only: then the words without their form
        yield from _lines(document.body)


def _odp(data: bytes) -> Iterator[str]:
    from odfdo import Document

    for number, page in enumerate(
        Document(io.BytesIO(data)).body.get_elements("descendant::draw:page"), start=1
    ):
        notes = [line for each in page.get_elements("presentation:notes") for line in _lines(each)]
        shown = [line for each in page.children if "notes" not in each.tag for line in _lines(each)]
        yield _slide(number, shown, "\n".join(notes))


def _lines(element: Any) -> list[str]:
    """Return the paragraphs, headings and tables of a part of an OpenDocument."""
    found = []
    for each in element.get_elements(
        "descendant-or-self::text:p[not(ancestor::table:table)]"
        " | descendant-or-self::text:h | descendant-or-self::table:table"
    ):
        if each.tag == "table:table":
            rows = each.get_elements("descendant::table:table-row")
            cells = [[c.text_recursive for c in r.get_elements("table:table-cell")] for r in rows]
            found.append(_table(cells))
        else:
            found.append(each.text_recursive)
    return [line for line in found if line.strip()]


def _epub(data: bytes) -> Iterator[str]:
    import posixpath
    from urllib.parse import unquote

    with zipfile.ZipFile(io.BytesIO(data)) as book:
        root = next(_xml(book.read("META-INF/container.xml")).iter("{*}rootfile")).get("full-path")
        package = _xml(book.read(root))
        items = {item.get("id"): item.get("href") for item in package.iter("{*}item")}
        titles = (each.text for each in package.iter("{*}title") if each.text)
        heading = "".join(f"# {title}\n\n" for title in list(titles)[:1])
        for reference in package.iter("{*}itemref"):
            href = unquote(items[reference.get("idref")])
            chapter = book.read(posixpath.normpath(posixpath.join(posixpath.dirname(root), href)))
            if text := _markdown(chapter):
                yield heading + text
                heading = ""


_READERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "docx": _docx,
    "sheet": _sheet,
    "pptx": _pptx,
    "odt": _odt,
    "odp": _odp,
    "epub": _epub,
    "html": _html,
}


if __name__ == "__main__":
    import runpy

    runpy.run_path(str(Path(__file__).with_name("pdf_reader.py")))["limit"]()
    forbid()
    form, most = sys.argv[1:3]
    print(json.dumps(read(sys.stdin.buffer.read(), form.strip("-"), int(most))))  # noqa: T201 - its answer
