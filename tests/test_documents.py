"""Office documents, books and web pages: their text, their limits, and how they are refused."""

import base64
import io
import json
import subprocess
import sys
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odfdo import Document, DrawPage, Frame, Header, List, Paragraph, Table
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from xlsxwriter import Workbook

from clarifai_chat.attachments import (
    FileRejected,
    accept,
    as_text,
    document_reader,
    documents,
    kinds,
    separate,
)
from clarifai_chat.attachments.limits import MAX_TEXT_CHARS


def take(name, data, read_as=""):
    return accept(name, "", data, len, read_as)


def text_of(name, data):
    return take(name, data).content.decode()


def refusal(name, data):
    with pytest.raises(FileRejected) as refused:
        take(name, data)
    return str(refused.value)


@pytest.fixture(autouse=True)
def in_this_process(request, monkeypatch):
    """Read documents in this process, which is faster; tests marked slow use one of its own."""

    def read(script, data, form, most):
        assert script == document_reader.__file__
        return json.loads(json.dumps(document_reader.read(data, form.strip("-"), most)))

    if not request.node.get_closest_marker("slow"):
        monkeypatch.setattr(separate, "run", read)


# --- Documents, made here -------------------------------------------------------------------------

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
ODF = "application/vnd.oasis.opendocument."


def zipped(parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def paragraph(text, style=""):
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(*blocks, head="", **more):
    """A Word document of these blocks of its XML."""
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Override'
            f' PartName="/word/document.xml" ContentType="{main}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1"'
            f' Type="{OFFICE}" Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'{head}<w:document xmlns:w="{WORD}"><w:body>{"".join(blocks)}'
            "</w:body></w:document>",
            **more,
        }
    )


def word_table(*rows):
    cells = ["".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows]
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def xlsx(**sheets):
    made = io.BytesIO()
    book = Workbook(made)
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return made.getvalue()


def odf(kind, *elements, **more):
    document = Document(kind)
    document.body.clear()
    for element in elements:
        document.body.append(element)
    made = io.BytesIO()
    document.save(made)
    if not more:
        return made.getvalue()
    with zipfile.ZipFile(made, "a") as archive:
        for name, content in more.items():
            archive.writestr(name, content)
    return made.getvalue()


def table():
    table = Table("Heights", width=2, height=2)
    for place, value in {(0, 0): "City", (1, 0): "Height", (0, 1): "Brest", (1, 1): 7.2}.items():
        table.set_value(place, value)
    return table


def slides():
    made, show = io.BytesIO(), Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Tides"
    slide.placeholders[1].text = "Twice a day"
    more = slide.placeholders[1].text_frame.add_paragraph()
    more.text, more.level = "or once", 1
    cells = slide.shapes.add_table(2, 2, 0, 0, 9, 9).table
    for place, text in {(0, 0): "City", (0, 1): "a|b", (1, 0): "Brest", (1, 1): "7.2"}.items():
        cells.cell(*place).text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 9, 9).text_frame.text = "in a group"
    figures = CategoryChartData()
    figures.categories = ["East", "West"]
    figures.add_series("Metres", (1.5, 2))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 9, 9, figures)
    slide.notes_slide.notes_text_frame.text = "Say it slowly"
    show.slides.add_slide(show.slide_layouts[6])  # empty
    last = show.slides.add_slide(show.slide_layouts[5])
    last.shapes.title.text = "Thanks"
    show.save(made)
    return made.getvalue()


def epub(*chapters, title="The Sea", **more):
    parts = {f"O/c {n}.xhtml": chapter for n, chapter in enumerate(chapters)}
    items = "".join(f'<item id="c{n}" href="c%20{n}.xhtml"/>' for n in range(len(parts)))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in reversed(range(len(parts))))
    container = "urn:oasis:names:tc:opendocument:xmlns:container"
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f'<container xmlns="{container}"><rootfiles>'
            '<rootfile full-path="O/b.opf"/></rootfiles></container>',
            "O/b.opf": '<package xmlns="http://www.idpf.org/2007/opf"><metadata'
            f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **parts,
            **more,
        }
    )


# As Excel 97 writes it: a sheet "Heights" of three rows.
XLS = zlib.decompress(
    base64.b85decode(
        "c-rk)J!lj`6#i!KHuqz4*^3t;CxjzlVqzMxv5Bh*8XH5jiHN8dv&19eBAaVsq0xAyAXq6jfiyNz8-LJ3I}0_Ug&+ubT3QJPERtK_yq(31UXcS6ROVae&D-}g^KR$O+nar}lq}8PPnYov_929d7ehmpOi+sjHx@|md6EtKC^b*xpF%833)x`eNz==STtm6uWf-^@eohqlMC~NbV`wVxWHu4~979&f82X3`+$Ko^Z5&k#)3Z#sGQG=|Pnqs#$u*{ZWLpv^uw)PQ>{VHO+~{Ck0&?7k?DK&oyU~glGK()=7rw2D18y!m`FASX!;M$~t=piJciik`2`O5@1uT0R;9Ia$pJlXsbL9dg|GripsUg2%gn?OjXE?!&XvV9M)I@OD$&H^YOs}8|WD>N2Tw#VbsIN4Ee%F~Ukn8Ia<5XN0XWq=#n$6tAN#00wjK-IIl2hHHa=mir>)Ruv!}e*G%yI$u%lr-*89ZE;9^{;04F|`zJxq5oy~3kzXFkm|MF~oM=WwfH4$ZO6Rn~UWJbM`L?5-+)C-KEEM<2BpKil2JFAkP3q!!=X^XQ=0&KUX2YYx4lSKPWO@z@S}p-RF>rft8Khp1tx*gf?wYsM<#%qE%ock<~7WiM*j3$~XdUNqtyPZ9%Le0!sYy}|Y&W$!=zw0yl9EqEZ6RIGj?4h;<r4Gj$q4GoPAg;0O!L+X@as$)Y$eb-r~R?(kH{#zWw6kP>6m>xu)dKWWw<<B;lA{a}o(<k^|C^15_yO_Wz$1zcN{?f5eRR5lJJ6eBk3)MS+rJgu9c>W(h+{YX"
    )
)
PAGE = """<html><head><title>Tides</title><style>h1 {}</style></head><body><!-- a note -->
<h1>Tides</h1><p>Twice a <b>day</b>, <a href="#top">up</a>, <a href="https://a.example/">out</a>,
<a href="javascript:x()">no</a> <img src="https://a.example/x.png" alt="A map"> 城市 a_b*c</p>
<script>alert("unseen")</script>
<table><tr><th>City<th>Height<tr><td>Brest<td>7.2</table></body></html>"""


# --- What is read ---------------------------------------------------------------------------------


def test_a_word_document_keeps_headings_lists_and_tables():
    data = docx(
        paragraph("Tides", "Heading1"),
        paragraph("Twice a day, 城市."),
        word_table(("City", "Height"), ("Brest", "7.2 m")),
    )

    assert text_of("report.docx", data) == (
        "# Tides\n\nTwice a day, 城市.\n\n| City | Height |\n| --- | --- |\n| Brest | 7.2 m |"
    )


@pytest.mark.parametrize("name", ["book.xlsx", "book.bin", "book"])
def test_a_workbook_is_tab_separated_sheet_by_sheet_whatever_its_name(name):
    data = xlsx(
        Heights=[("City", "Height"), ("Brest", 7.25), ("Dover", 6), (), ("a\nb", True)],
        Empty=[],
        Last=[(1e20,)],
    )

    assert text_of(name, data) == (
        "## Sheet Heights\n\nCity\tHeight\nBrest\t7.25\nDover\t6\n\na b\tTRUE\n\n"
        "## Sheet Last\n\n1e+20"
    )


def test_a_hidden_sheet_is_called_so():
    made = io.BytesIO()
    book = Workbook(made)
    book.add_worksheet("Seen").write(0, 0, "x")
    hidden = book.add_worksheet("Unseen")
    hidden.write(0, 0, "y")
    hidden.hide()
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Seen!$A$1:$A$1"})
    book.add_chartsheet("Chart").set_chart(chart)
    book.close()

    assert (
        text_of("b.xlsx", made.getvalue()) == "## Sheet Seen\n\nx\n\n## Sheet Unseen (hidden)\n\ny"
    )


def test_an_old_workbook_is_read_too():
    assert text_of("b.xls", XLS) == "## Sheet Heights\n\nCity\tHeight\nBrest\t7.2\n城市\t6"


def test_slides_are_numbered_with_tables_charts_and_notes():
    assert text_of("talk.pptx", slides()) == (
        "## Slide 1\n\nTides\n\nTwice a day\n  or once\n\n"
        "| City | a\\|b |\n| --- | --- |\n| Brest | 7.2 |\n\nin a group\n\n"
        "Chart\n\n|  | Metres |\n| --- | --- |\n| East | 1.5 |\n| West | 2 |\n\n"
        "Notes: Say it slowly\n\n## Slide 3\n\nThanks"
    )


def test_a_broken_chart_costs_only_itself(monkeypatch):
    monkeypatch.setattr("pptx.chart.chart.Chart.plots", property(lambda self: 1 / 0))

    text = text_of("talk.pptx", slides())

    assert "in a group\n\nChart\n\nNotes: Say it slowly" in text


def test_a_picture_in_a_word_document_is_kept_as_its_description():
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    inline = (
        f'<w:p><w:r><w:drawing><wp:inline xmlns:wp="{drawing}/wordprocessingDrawing">'
        f'<wp:docPr id="1" name="p" descr="A map"/><a:graphic xmlns:a="{drawing}/main">'
        f'<a:graphicData><pic:pic xmlns:pic="{drawing}/picture"><pic:blipFill><a:blip r:embed="p1"'
        f' xmlns:r="{OFFICE.rpartition("/")[0]}"/></pic:blipFill></pic:pic></a:graphicData>'
        "</a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    links = (
        f'<Relationships xmlns="{relations}"><Relationship Id="p1" Target="media/p.png"'
        f' Type="{OFFICE.rpartition("/")[0]}/image"/></Relationships>'
    )
    parts = {"word/_rels/document.xml.rels": links, "word/media/p.png": b"\x89PNG"}

    assert text_of("a.docx", docx(paragraph("See"), inline, **parts)) == "See\n\n[Picture: A map]"


def test_an_opendocument_text_keeps_headings_lists_and_tables():
    data = odf("text", Header(1, "Tides"), Paragraph("Twice a day, 城市."), List(["one"]), table())

    text = text_of("a.odt", data)

    assert text.startswith("# Tides\n\nTwice a day, 城市.\n\n")
    assert "-  one\n" in text
    assert "| City  | Height |" in text


def test_an_opendocument_text_that_the_library_cannot_write_as_markdown_keeps_its_words(
    monkeypatch,
):
    monkeypatch.setattr("odfdo.Document.to_markdown", lambda self: 1 / 0)
    data = odf("text", Header(1, "Tides"), Paragraph("Twice a day."), table())

    assert document_reader.read(data, "", 999)["text"] == (
        "Tides\n\nTwice a day.\n\n| City | Height |\n| --- | --- |\n| Brest | 7.2 |"
    )


def test_an_opendocument_sheet_is_tab_separated():
    assert text_of("a.ods", odf("spreadsheet", table())) == (
        "## Sheet Heights\n\nCity\tHeight\nBrest\t7.2"
    )


def test_opendocument_slides_are_numbered():
    page, empty = DrawPage("p1", name="First"), DrawPage("p2", name="Second")
    where = {"size": ("7cm", "5cm"), "position": ("1cm", "1cm")}
    page.append(Frame.text_frame(["Tides", "Twice a day"], **where))
    page.append(Frame(**where))
    page.get_frames()[-1].append(table())

    assert text_of("a.odp", odf("presentation", page, empty)) == (
        "## Slide 1\n\nTides\n\nTwice a day\n\n| City | Height |\n| --- | --- |\n| Brest | 7.2 |"
    )


def test_a_book_is_read_in_the_order_of_its_spine():
    xhtml = '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html><body>{}</body></html>'
    last, first = xhtml.format("<h1>Two</h1><p>城市</p>"), xhtml.format("<h1>One</h1>")

    assert text_of("sea.epub", epub(last, first)) == "# The Sea\n\n# One\n\n# Two\n\n城市"


def test_fonts_of_a_book_may_be_scrambled():
    fonts = '<encryption><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/></encryption>'

    data = epub("<p>Read me</p>", **{"META-INF/encryption.xml": fonts})

    assert "Read me" in text_of("sea.epub", data)


def test_a_web_page_is_read_as_a_browser_shows_it():
    file = take("page.html", PAGE.encode())

    assert file.content.decode() == (
        "# Tides\n\nTwice a **day**, up, [out](https://a.example/),\n"
        "no [Picture: A map] 城市 a_b*c\n\n"
        "| City | Height |\n| --- | --- |\n| Brest | 7.2 |"
    )
    assert file.read_as == "Text of the page"
    assert file.choices == ("Text of the page", "Source code")


def test_the_title_of_a_page_that_does_not_repeat_it_is_kept():
    page = b"<title>Tides</title><p>Twice a day</p>"

    assert text_of("page.htm", page) == "Tides\n\nTwice a day"


def test_a_web_page_can_be_read_as_source_code():
    file = take("page.html", PAGE.encode(), "Source code")

    assert file.content.decode() == PAGE
    assert file.read_as == "Source code"


def test_a_page_of_a_program_has_no_text_and_is_source_code():
    app = b"<!doctype html><html><body><div id=root></div><script>run()</script></body></html>"

    file = take("index.html", app)

    assert file.content == app
    assert file.read_as == "Source code"
    with pytest.raises(FileRejected, match="has no text in it"):
        take("index.html", app, "Text of the page")


def test_a_page_of_another_encoding_offers_both():
    page = "<p>Город Брест, высота семь метров</p>".encode("cp1251")

    file = take("page.html", page)
    source = take("page.html", page, "Source code, Windows-1251 (Cyrillic)")

    assert file.content.decode() == "Город Брест, высота семь метров"
    assert file.read_as == "Text of the page, Windows-1251 (Cyrillic)"
    assert source.content == page.decode("cp1251").encode()
    assert source.read_as in file.choices == source.choices


def test_source_code_of_too_many_characters_is_refused():
    page = b"<p>x</p>" + b" " * MAX_TEXT_CHARS

    assert text_of("page.html", page) == "x"
    with pytest.raises(FileRejected, match="a text may have up to 200,000"):
        take("page.html", page, "Source code")


def test_a_table_that_a_program_named_xls_is_read_as_what_it_is():
    assert text_of("export.xls", b"<table><tr><th>City<tr><td>Brest</table>") == (
        "| City |\n| --- |\n| Brest |"
    )
    assert text_of("export.xls", b"City\tHeight\nBrest\t7.2\n") == "City\tHeight\nBrest\t7.2\n"


def test_the_text_goes_into_the_prompt_as_a_file():
    assert as_text(take("report.docx", docx(paragraph("Tides")))).startswith("File: report.docx (")


# --- Limits ---------------------------------------------------------------------------------------


def test_of_a_long_document_the_beginning_is_kept_with_a_note():
    file = take("long.docx", docx(paragraph("word " * 50_000)))

    note = "Only the first 200,000 characters could be included."
    assert file.note == note
    assert file.content.decode().startswith(f"[{note}]\n\nword word")
    assert len(file.content) == MAX_TEXT_CHARS + len(note) + 4


def test_a_sheet_and_a_book_are_not_read_to_their_end():
    rows = [("x" * 1000,)] * 2000
    read = document_reader.read(xlsx(A=rows, B=[("unread",)]), "", 5000)
    assert (len(read["text"]), read["cut"]) == (5000, True)

    book = epub("<p>unread", "<p>" + "y" * 6000)
    read = document_reader.read(book, "", 5000)
    assert (len(read["text"]), read["cut"]) == (5000, True)


def test_a_document_that_takes_too_long_is_kept_as_far_as_it_was_read(monkeypatch):
    monkeypatch.setattr(document_reader, "READ_S", -1)
    told = document_reader.read(epub("<p>unread", "<p>read"), "", 5000)
    assert told == {"why": "", "text": "# The Sea\n\nread", "cut": True}

    monkeypatch.setattr(separate, "run", lambda *_: told)
    file = take("sea.epub", epub("<p>x"))
    assert file.note == "Only its beginning could be included."


HEAVY = (
    "a.docx takes too much time or memory to read. Save the part that you need, or copy its text."
)


def test_a_document_that_claims_to_unpack_to_too_much_is_refused_unread(monkeypatch):
    monkeypatch.setattr(document_reader, "MAX_UNPACKED", 1000)
    read = document_reader.read(docx(paragraph("x" * 2000)), "", 99)
    assert read["why"] == "heavy"

    monkeypatch.undo()
    monkeypatch.setattr(document_reader, "MAX_PARTS", 2)
    assert document_reader.read(docx(paragraph("x")), "", 99)["why"] == "heavy"


@pytest.mark.slow
def test_a_document_that_unpacks_to_half_a_gigabyte_is_refused():
    data = docx(paragraph(" " * 500_000_000))

    assert len(data) < 2_000_000
    assert refusal("a.docx", data) == HEAVY


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol" * 10}">' for n in range(9))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["docx", "epub"])
def test_entities_that_multiply_are_not_expanded(kind):
    head = f"<!DOCTYPE a [{ENTITIES}]>"
    if kind == "docx":
        data = docx(paragraph("&e8;"), head=head)
    else:
        data = epub(f'<?xml version="1.0"?>{head}<html><body><p>words &e8;</p></body></html>')

    try:
        said = text_of(f"a.{kind}", data)
    except FileRejected as refused:
        said = str(refused)
    assert len(said) < 1000


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["docx", "odt", "epub", "html"])
def test_an_entity_does_not_bring_in_a_file_of_this_machine(kind, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the operator's secret")
    head = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    if kind == "docx":
        data = docx(paragraph("words &x;"), head=head)
    elif kind == "odt":
        whole = odf("text", Paragraph("words PLACE"))
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        content = parts["content.xml"].decode().replace("PLACE", "&x;")
        parts["content.xml"] = head + content[content.index("?>") + 2 :]
        data = zipped(parts)
    elif kind == "epub":
        data = epub(f'<?xml version="1.0"?>{head}<html><body><p>words &x;</p></body></html>')
    else:
        data = f"{head}<html><body><p>words &x;</p></body></html>".encode()

    try:
        said = text_of(f"a.{kind}", data)
    except FileRejected as refused:
        said = str(refused)
    assert "operator" not in said


def test_the_reader_can_neither_connect_nor_start_a_program(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import document_reader as r; r.forbid()\n"
        "import socket, subprocess\n"
        "for act in (lambda: socket.socket(),"
        " lambda: subprocess.run(['true']), lambda: socket.getaddrinfo('localhost', 80)):\n"
        "    try: act()\n"
        "    except PermissionError as error: print(error)\n"
    )
    folder = document_reader.__file__.rpartition("/")[0]
    done = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, check=True, text=True
    )

    assert done.stdout.split() == ["socket.__new__", "subprocess.Popen", "socket.getaddrinfo"]


# --- What is refused ------------------------------------------------------------------------------

BROKEN = "{} is broken, or not what its name suggests."
LOCKED = "{} is protected by a password. Save it without one, or as PDF."


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", zipped({"word/document.xml": "x"})),
        ("b.docx", zipped({"a.txt": "x"})),
        ("b.odt", zipped({"content.xml": "x"})),
        ("a.xlsx", zipped({"xl/workbook.xml": "x"})),
        ("a.pptx", zipped({"ppt/presentation.xml": "x"})),
        ("a.odt", zipped({"mimetype": f"{ODF}text", "content.xml": "x"})),
        ("a.odp", zipped({"mimetype": f"{ODF}presentation", "content.xml": "x"})),
        ("a.ods", zipped({"mimetype": f"{ODF}spreadsheet", "content.xml": "x"})),
        ("a.epub", zipped({"mimetype": "application/epub+zip"})),
        ("a.docx", docx(paragraph("Hello"))[:-40]),
        ("a.xls", XLS[:512] + bytes(1000) + XLS[1512:]),
    ],
)
def test_a_broken_document_is_refused(name, data):
    assert refusal(name, data).startswith(BROKEN.format(name))


def encrypted(data):
    """Set the bit of each part that says it needs a password."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            changed[at + place] |= 1
            at = changed.find(mark, at + 4)
    return bytes(changed)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", kinds._OLE + bytes(99) + "EncryptedPackage".encode("utf-16-le") + bytes(99)),
        ("a.docx", encrypted(docx(paragraph("Hello")))),
        (
            "a.odt",
            zipped(
                {
                    "mimetype": f"{ODF}text",
                    "META-INF/manifest.xml": "<manifest:encryption-data/>",
                }
            ),
        ),
        (
            "a.epub",
            epub(
                "<p>x",
                **{
                    "META-INF/encryption.xml": "<encryption><EncryptionMethod"
                    ' Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></encryption>'
                },
            ),
        ),
    ],
)
def test_a_document_with_a_password_is_refused(name, data):
    assert refusal(name, data) == LOCKED.format(name)


def test_a_workbook_with_a_password_is_refused(monkeypatch):
    import python_calamine

    def refuse(*_):
        raise python_calamine.PasswordError

    monkeypatch.setattr(
        python_calamine, "CalamineWorkbook", type("", (), {"from_filelike": refuse})
    )

    assert document_reader.read(XLS, "", 99)["why"] == "locked"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", docx(paragraph(" "))),
        ("a.xlsx", xlsx(Sheet1=[])),
        ("a.epub", epub("<img src='scan.png'>")),
    ],
)
def test_a_document_without_text_is_refused(name, data):
    assert refusal(name, data) == (
        f"{name} has no text in it. Save it as PDF, or add its pages as pictures."
    )


def test_an_archive_is_not_a_document_whatever_is_in_it():
    archives = "Archives are not supported. Extract the files and add those."

    assert refusal("a.zip", zipped({"mimetype": "application/x", "a.txt": "x"})).endswith(archives)
    assert refusal("a.jar", zipped({"[Content_Types].xml": "x"})).endswith(archives)


def test_while_no_process_can_be_started_the_visitor_tries_again(monkeypatch):
    monkeypatch.setattr(separate, "run", lambda *_: {"why": "busy"})

    assert refusal("a.docx", docx(paragraph("x"))).endswith("Try again in a minute.")


@pytest.mark.parametrize(
    ("error", "why"),
    [(MemoryError(), "heavy"), (RecursionError(), "heavy"), (ValueError(), "broken")],
)
def test_a_document_too_large_to_read_is_not_called_broken(monkeypatch, error, why):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("mammoth.convert_to_html", fail)

    assert document_reader.read(docx(paragraph("x")), "", 99)["why"] == why


def test_every_reason_has_its_sentence():
    assert set(documents._WHY) == {"locked", "broken", "heavy", "busy", "unknown", "empty"}


SAMPLES = {
    "docx": docx(paragraph("Hello")),
    "xlsx": xlsx(A=[("x",)]),
    "xls": XLS,
    "odt": odf("text", Paragraph("Hello")),
    "epub": epub("<p>Hello"),
    "pptx": slides(),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SAMPLES, "html"])
def test_a_process_of_its_own_reads_the_same(name):
    data = SAMPLES.get(name, PAGE.encode())
    form = "html" if name == "html" else ""

    assert text_of(f"a.{name}", data) == document_reader.read(data, form, 999)["text"]


# The records of a cell with text: each has its row and column after these four bytes.
CELL = b"\xfd\x00\x0a\x00"


@pytest.mark.slow
def test_a_sheet_with_a_cell_at_its_far_corner_is_refused_and_only_its_reader_dies():
    at = XLS.index(CELL) + len(CELL)
    data = XLS[:at] + b"\xff\xff\xff\xff" + XLS[at + 4 :]

    assert "takes too much time or memory to read" in refusal("a.xls", data)


# Not "xls": a damaged one may ask for more memory than there is, which ends its process.
@settings(max_examples=150)
@given(
    st.sampled_from(sorted(set(SAMPLES) - {"xls"})),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=5),
)
def test_the_reader_of_documents_always_answers(name, changes):
    data = bytearray(SAMPLES[name])
    for place, put in changes:
        at = int(place * len(data))
        data[at : at + len(put)] = put

    told = document_reader.read(bytes(data), "", 10_000)

    assert told["why"] in ("", "locked", "broken", "heavy", "unknown")
    assert told["why"] or told["text"]
