"""Files that visitors add: what is kept of each kind, what is refused and in which words."""

import base64
import io
import json
import re
import struct
import subprocess
import sys
import wave
import zipfile
import zlib
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin
from pypdf import PdfReader, PdfWriter
from pypdf.errors import DependencyError, LimitReachedError

from clarifai_chat.attachments import (
    AcceptedFile,
    FileRejected,
    accept,
    as_text,
    clean_name,
    images,
    limits,
    parts,
    pdf,
    pdf_reader,
    separate,
    texts,
)
from clarifai_chat.attachments.limits import MAX_AUDIO_S, MAX_TEXT_CHARS
from clarifai_chat.text import size

RED, BLUE = (255, 0, 0), (0, 0, 255)


def words(text: str) -> int:
    return len(text.split())


def take(name: str, data: bytes, mime: str = "") -> AcceptedFile:
    return accept(name, mime, data, words)


def refusal(name: str, data: bytes, mime: str = "") -> str:
    with pytest.raises(FileRejected) as refused:
        take(name, data, mime)
    return str(refused.value)


# --- Files, made here -------------------------------------------------------------------------


def picture(form: str, size=(40, 20), mode="RGB", colour=RED, **options) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, colour).save(made, form, **options)
    return made.getvalue()


def halves(form: str, **options) -> bytes:
    """Red on the left, blue on the right: 40 by 20 pixels."""
    made, image = io.BytesIO(), Image.new("RGB", (40, 20), RED)
    image.paste(BLUE, (20, 0, 40, 20))
    image.save(made, form, **options)
    return made.getvalue()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG that claims to be huge, and has nothing in it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"IDAT", zlib.compress(b"\x00" * 1000))
        + chunk(b"IEND", b"")
    )


def written_pdf(*pages: str) -> bytes:
    """A PDF by hand, a line of text on each page; "" is a page without any."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        objects += [
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    made, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(made))
        made += f"{number} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (
        made
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF"
        ).encode()
    )


def locked_pdf(user: str, owner: str) -> bytes:
    writer, made = PdfWriter(PdfReader(io.BytesIO(written_pdf("secret words")))), io.BytesIO()
    writer.encrypt(user, owner, algorithm="RC4-128")
    writer.write(made)
    return made.getvalue()


def wav(seconds: float = 1.0, rate: int = 8000) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(1)
        writer.setframerate(rate)
        writer.writeframes(b"\x80" * int(seconds * rate))
    return made.getvalue()


MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)  # MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 26 ms
MP3 = MP3_FRAME * 40


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return made.getvalue()


def opened(file: AcceptedFile) -> Image.Image:
    return Image.open(io.BytesIO(file.content))


# --- Pictures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_a_picture_of_each_kind_is_kept_as_a_jpeg(form):
    file = take("p.bin", halves(form), "text/plain")

    about, image = file.attachment, opened(file)
    assert (about["kind"], about["mime"], about["tokens"]) == ("image", "image/jpeg", None)
    assert about["size"] == len(file.content)
    assert about["sha256"] == sha256(file.content).hexdigest()
    assert re.fullmatch(r"[0-9a-f]{32}", about["id"])
    assert (image.format, image.size) == ("JPEG", (40, 20))
    left, right = image.getpixel((5, 10)), image.getpixel((35, 10))
    assert left[0] > 200 > 60 > left[2]
    assert right[2] > 200 > 60 > right[0]


def test_a_transparent_picture_stays_transparent():
    image = opened(take("p.png", picture("PNG", mode="RGBA", colour=(255, 0, 0, 100))))

    assert image.format == "PNG"
    assert image.getpixel((3, 3)) == (255, 0, 0, 100)


@pytest.mark.parametrize(
    "data",
    [
        picture("GIF", mode="P", colour=1, transparency=1),
        picture("PNG", mode="LA", colour=(9, 0)),
        picture("PNG", mode="RGB", colour=RED, transparency=RED),
    ],
)
def test_every_way_to_say_transparent_is_understood(data):
    image = opened(take("p", data))

    assert image.mode == "RGBA"
    assert image.getpixel((0, 0))[3] == 0


def test_an_opaque_picture_with_an_alpha_channel_becomes_a_jpeg():
    file = take("p.png", picture("PNG", mode="RGBA", colour=(255, 0, 0, 255)))

    assert file.attachment["mime"] == "image/jpeg"


def test_a_transparent_picture_that_is_too_heavy_gets_a_white_ground(monkeypatch):
    monkeypatch.setattr(images, "MAX_PNG_BYTES", 10)

    file = take("p.png", picture("PNG", mode="RGBA", colour=(255, 0, 0, 0)))

    assert file.attachment["mime"] == "image/jpeg"
    assert min(opened(file).getpixel((3, 3))) > 250


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_upright_and_its_notes_are_removed(form):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: left is up
    exif[0x0110] = "My telephone"
    exif.get_ifd(0x8825)[1] = "N"  # where it was
    options = {"pnginfo": PngImagePlugin.PngInfo()} if form == "PNG" else {}
    if options:
        options["pnginfo"].add_text("Author", "Ada of Town")
    data = halves(form, exif=exif, **options)
    assert b"My telephone" in data

    file = take("p", data)

    image = opened(file)
    assert image.size == (20, 40)
    assert image.getpixel((10, 5))[0] > 200 > 60 > image.getpixel((10, 35))[0]
    assert not image.getexif()
    assert not {"exif", "icc_profile", "comment", "Author", "xmp"} & set(image.info)
    assert b"telephone" not in file.content
    assert b"Ada" not in file.content


def test_a_comment_and_a_colour_profile_are_removed():
    file = take("p.jpg", halves("JPEG", comment=b"by Ada", icc_profile=b"profile of Ada" * 10))

    assert b"Ada" not in file.content


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_as_cameras_mean_it(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = halves("PNG", exif=exif)
    meant = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")

    image = opened(take("p.png", data))

    assert image.size == meant.size
    corner = (2, 2)
    assert abs(image.getpixel(corner)[0] - meant.getpixel(corner)[0]) < 60


def test_broken_notes_do_not_make_a_picture_broken():
    assert opened(take("p.jpg", halves("JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"))).size


@pytest.mark.parametrize(
    ("form", "size", "kept"),
    [
        ("PNG", (4096, 1024), (2048, 512)),
        ("JPEG", (1500, 6000), (512, 2048)),
        ("JPEG", (2048, 100), (2048, 100)),
        ("PNG", (9000, 1), (2048, 1)),
        ("GIF", (1, 1), (1, 1)),
    ],
)
def test_the_longer_side_is_at_most_2048_pixels(form, size, kept):
    colour = 0 if form == "GIF" else RED
    mode = "P" if form == "GIF" else "RGB"
    assert opened(take("p", picture(form, size, mode, colour))).size == kept


def test_the_first_frame_of_an_animation_is_kept():
    made, first = io.BytesIO(), Image.new("RGB", (8, 8), RED)
    first.save(made, "GIF", save_all=True, append_images=[Image.new("RGB", (8, 8), BLUE)])

    assert opened(take("p.gif", made.getvalue())).getpixel((4, 4))[0] > 200


def test_sixteen_bits_a_pixel_are_scaled_and_not_cut():
    made = io.BytesIO()
    Image.frombytes("I;16", (4, 4), struct.pack("<16H", *[0x8000] * 16)).save(made, "PNG")

    assert abs(opened(take("p.png", made.getvalue())).getpixel((1, 1))[0] - 128) < 3


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_a_broken_picture_is_refused(form):
    data = halves(form)

    assert refusal("p", data[: len(data) * 2 // 3]) == (
        f"p is a broken {form} picture. Open it on your machine and save it again."
    )


@pytest.mark.parametrize(
    "size", [(60_000, 60_000), (9_000, 6_000), (6_000, 5_000), (2**31 - 1,) * 2]
)
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(size, monkeypatch):
    monkeypatch.setattr(images, "_decoded", lambda image: pytest.fail("It was decoded."))

    said = refusal("p.png", bomb(*size))

    assert "has too many pixels; such a picture may have up to 25 million." in said


def test_a_jpeg_may_have_more_pixels_up_to_a_limit():
    data = halves("JPEG")
    place = data.index(b"\xff\xc0") + 5  # its height and width

    def of_size(height, width):
        return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]

    assert "may have up to 50 million." in refusal("p.jpg", of_size(8_000, 8_000))
    assert opened(take("p.jpg", of_size(6_000, 6_000))).size == (2048, 2048)


def test_notes_that_cannot_be_read_at_all_leave_the_picture_as_it_is(monkeypatch):
    def fail(self):
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", fail)

    assert opened(take("p.bmp", halves("BMP"))).size == (40, 20)


def test_pillow_has_the_limit_too():
    assert Image.MAX_IMAGE_PIXELS == images.MAX_JPEG_PIXELS


def test_a_20_mb_picture_is_refused_for_its_size():
    assert refusal("big.png", halves("PNG") + bytes(20_000_000)) == (
        "big.png has 20 MB; a picture may have up to 15 MB. Make it smaller, or save it as JPEG."
    )


# --- Texts ------------------------------------------------------------------------------------

UMLAUTS = "Größe: 12 € für “alle”\nZeile zwei\n"


@pytest.mark.parametrize(
    "data",
    [
        UMLAUTS.encode(),
        UMLAUTS.encode("utf-8-sig"),
        UMLAUTS.encode("utf-16"),
        b"\xfe\xff" + UMLAUTS.encode("utf-16-be"),
        UMLAUTS.encode("utf-32"),
        UMLAUTS.encode("cp1252"),
        UMLAUTS.replace("\n", "\r\n").encode(),
        UMLAUTS.replace("\n", "\r").encode(),
    ],
)
def test_a_text_in_any_usual_encoding_is_kept_in_utf_8(data):
    file = take("notes.txt", data)

    assert file.content.decode() == UMLAUTS
    assert (file.attachment["kind"], file.attachment["mime"]) == ("text", "text/plain")
    assert file.attachment["size"] == len(UMLAUTS.encode())


def test_a_text_that_ends_within_a_character_is_still_utf_8():
    assert take("n.txt", "Maß und Größe ☃".encode()[:-1]).content.decode() == "Maß und Größe "


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.py", "Makefile", "a.unheard-of", ".env"])
def test_source_code_and_data_are_texts_whatever_their_name(name):
    assert take(name, b'{"a": 1}', "application/octet-stream").content == b'{"a": 1}'


def test_a_text_that_begins_as_a_picture_would_is_a_text():
    assert take("cars.txt", b"BMW is a maker of cars").attachment["kind"] == "text"
    assert take("p.py", b"HEAD = b'%PDF-1.4'").attachment["kind"] == "text"


@pytest.mark.parametrize(
    "data",
    [b"\x00\x01\x02", b"text\x01\x02\x00", bytes(range(1, 256)), b"\xff\xfe" + b"\x01\x00" * 9],
)
def test_binary_is_refused(data):
    assert "is not a text, document, picture, PDF or audio file" in refusal("thing.dat", data)


def test_a_log_with_colours_of_a_terminal_is_a_text():
    assert b"\x1b[31m" in take("run.log", b"\x1b[31mfailed\x1b[0m\n").content


@pytest.mark.parametrize("data", [b"", b"  \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(data):
    assert re.search(r"is empty|has no text in it", refusal("notes.txt", data))


def test_a_text_of_too_many_characters_is_refused():
    assert take("a.txt", b"x" * MAX_TEXT_CHARS)
    assert refusal("a.txt", b"x" * (MAX_TEXT_CHARS + 1)) == (
        "a.txt has 200,001 characters; a text may have up to 200,000."
        " Cut out the part that your question is about."
    )


def test_a_text_of_too_many_bytes_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(texts, "read", lambda *_: pytest.fail("It was read."))

    assert "a text may have up to 1 MB." in refusal("a.txt", b"x" * 1_000_001)


def test_a_text_stands_in_the_prompt_with_its_name_and_size():
    file = take("notes.md", b"# Plan\nRest")

    assert (
        as_text(file)
        == f"File: notes.md ({file.attachment['tokens']} tokens)\n```md\n# Plan\nRest\n```"
    )
    assert file.attachment["tokens"] == words("File: notes.md ```md # Plan Rest ```")


@given(st.text("`\n a~", min_size=1), st.sampled_from(["a.md", "a", "x y.py"]))
def test_no_text_can_close_its_fence(text, name):
    lines = texts.fenced(name, text, 1).split("\n")

    fence = re.match(r"`+", lines[1])[0]
    assert lines[-1] == fence
    assert not any(re.match(rf" *{fence}", line) for line in lines[2:-1])


def test_half_a_character_can_be_kept():
    assert texts.clean("a\ud800b") == "a?b"


# --- PDFs -------------------------------------------------------------------------------------


def test_the_text_of_a_pdf_is_kept_page_by_page():
    file = take("paper.pdf", written_pdf("Hello there", "Second page", ""))

    assert file.content.decode() == "[Page 1]\nHello there\n\n[Page 2]\nSecond page\n\n[Page 3]\n"
    assert file.note == ""
    assert file.attachment["kind"] == "text"
    assert file.attachment["tokens"] == words(f"File: paper.pdf ```pdf {file.content.decode()} ```")


def test_the_first_pages_of_a_long_pdf_are_kept_with_a_note():
    file = take("paper.pdf", written_pdf(*[f"This is page number {n}" for n in range(1, 121)]))

    assert file.note == "Of 120 pages, only pages 1 to 100 could be included."
    text = file.content.decode()
    assert text.startswith(f"[{file.note}]\n\n[Page 1]\n")
    assert "page number 100" in text
    assert "page number 101" not in text


def test_a_500_page_pdf_is_refused():
    assert refusal("book.pdf", written_pdf(*["x"] * 500)) == (
        "book.pdf has 500 pages; a PDF may have up to 300."
        " Save those that you need as a separate PDF."
    )


def test_pages_that_are_too_much_text_are_left_out_whole_and_a_single_one_is_cut():
    pages = [f"{n} " + "word " * 50 for n in range(1, 4)]

    two = pdf_reader.read(written_pdf(*pages), 100, 300, 600)
    one = pdf_reader.read(written_pdf(*pages), 100, 300, 100)

    assert (two["read"], two["cut"], two["text"].count("\f")) == (2, False, 1)
    assert (one["read"], one["cut"], len(one["text"])) == (1, True, 100)
    assert pdf._note(3, 1, is_cut=True) == "Of 3 pages, only a part of page 1 could be included."
    assert pdf._note(1, 1, is_cut=True) == "Of 1 page, only a part of page 1 could be included."
    assert pdf._note(3, 1, is_cut=False) == "Of 3 pages, only page 1 could be included."


def test_a_pdf_with_a_password_is_refused():
    assert refusal("paper.pdf", locked_pdf("guess me", "owner")) == (
        "paper.pdf is protected by a password. Save it without one, or print it to a PDF."
    )


def test_a_pdf_that_is_only_protected_from_changes_is_read():
    assert b"secret words" in take("paper.pdf", locked_pdf("", "owner")).content


def test_a_scanned_pdf_is_refused_with_what_to_do():
    assert refusal("scan.pdf", written_pdf("", "")) == (
        "scan.pdf has no text in it: it may be scanned. Add its pages as pictures."
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", [b"%PDF-1.4", b"%PDF-1.7\n" + b"nonsense " * 99, written_pdf("x")[:60]]
)
def test_a_broken_pdf_is_refused(data):
    assert refusal("paper.pdf", data) == (
        "paper.pdf is a broken PDF. Open it on your machine and print it to a PDF."
    )


def test_a_pdf_is_known_by_its_first_bytes_and_may_have_a_few_before():
    assert take("paper", written_pdf("Hello")).attachment["kind"] == "text"
    assert b"Hello" in take("paper.pdf", b"\r\nmail header\r\n" + written_pdf("Hello")).content


@pytest.fixture
def reader(monkeypatch, tmp_path):
    """Let another program stand in for the one that reads PDFs."""

    def reader(code):
        (tmp_path / "reader.py").write_text(code)
        monkeypatch.setattr(pdf.pdf_reader, "__file__", str(tmp_path / "reader.py"))

    return reader


HEAVY = "p.pdf takes too much time or memory to read. Print the pages that you need to a PDF."


def test_a_pdf_that_never_ends_is_ended(reader, monkeypatch):
    reader("import sys\nsys.stdin.read()\nwhile True: pass")
    monkeypatch.setattr(separate, "TIMEOUT_S", 0.5)

    assert refusal("p.pdf", b"%PDF-1.4") == HEAVY


@pytest.mark.parametrize("code", ["", "import os; os._exit(9)", "print('no')", "raise MemoryError"])
def test_a_reader_that_ends_silently_is_explained(reader, code):
    reader(code)

    assert refusal("p.pdf", b"%PDF-1.4") == HEAVY


def test_a_reader_that_cannot_be_started_is_explained_and_blocks_nothing(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError("no more processes")

    with monkeypatch.context() as patch:
        patch.setattr(separate.subprocess, "run", refuse)
        for _ in range(5):
            assert refusal("p.pdf", b"%PDF-1.4").endswith("Try again in a minute.")
    assert take("p.pdf", written_pdf("Hello"))


def test_while_too_many_pdfs_are_read_another_must_try_again(monkeypatch):
    monkeypatch.setattr(separate, "TIMEOUT_S", 0.01)
    with separate._SEVERAL, separate._SEVERAL:
        assert refusal("p.pdf", b"%PDF-1.4").endswith(
            "cannot be read at the moment. Try again in a minute."
        )


def test_the_reader_knows_nothing_of_the_operators_environment(reader, monkeypatch):
    monkeypatch.setenv("CLARIFAI_PAT", "operators-own-token")
    reader(
        "import json, os\nprint(json.dumps({'why': '', 'pages': 1, 'read': 1, 'cut': False,"
        " 'text': ' '.join(os.environ)}))"
    )

    text = take("p.pdf", b"%PDF-1.4").content.decode()

    assert "PATH" in text
    assert "CLARIFAI" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="Limits of memory and time are Linux's")
def test_the_reader_has_limits_that_the_system_keeps():
    code = (
        "import json, resource, sys; sys.path.insert(0, sys.argv[1]); import pdf_reader as r;"
        "r.limit(); names = ('CPU', 'AS', 'FSIZE', 'CORE');"
        "print(json.dumps([resource.getrlimit(getattr(resource, 'RLIMIT_' + n)) for n in names]))"
    )
    folder = str(pdf_reader.__file__).rpartition("/")[0]
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, check=True)

    cpu, memory = pdf_reader.MAX_CPU_S, pdf_reader.MAX_MEMORY
    assert json.loads(done.stdout) == [[cpu, cpu], [memory, memory], [0, 0], [0, 0]]


@pytest.mark.slow
def test_a_pdf_that_unpacks_to_half_a_gigabyte_is_refused():
    packed = zlib.compress(b"BT (x) Tj ET\n" * 40_000_000, 9)
    data = written_pdf("placeholder")
    stream = (
        b"5 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed)
        + packed
        + b"\nendstream\nendobj\n"
    )
    start = data.index(b"5 0 obj")
    data = data[:start] + stream + data[data.index(b"xref") :]

    assert len(data) < 2_000_000
    assert refusal("p.pdf", data) == HEAVY


def test_a_broken_page_costs_only_itself():
    data = written_pdf("Hello", "there")

    file = take("p.pdf", data.replace(b"/Contents 7 0 R", b"/Contents [[1 2"))

    assert "Hello" in file.content.decode()
    assert "there" not in file.content.decode()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MemoryError(), "heavy"),
        (LimitReachedError("too much"), "heavy"),
        (RecursionError(), "broken"),
    ],
)
def test_a_pdf_too_large_to_read_is_not_called_broken(monkeypatch, error, why):
    def fail(self):
        raise error

    monkeypatch.setattr("pypdf.PageObject.extract_text", fail)

    assert pdf_reader.read(written_pdf("Hello", "there"), 100, 300, 1000)["why"] == why


@pytest.mark.parametrize(
    ("error", "why"),
    [(DependencyError("AES"), "locked"), (MemoryError(), "heavy"), (ValueError(), "broken")],
)
def test_an_unsupported_cipher_counts_as_a_lock(monkeypatch, error, why):
    def fail(self, password):
        raise error

    monkeypatch.setattr("pypdf.PdfReader.decrypt", fail)

    assert pdf_reader.read(locked_pdf("", "owner"), 100, 300, 1000)["why"] == why


def test_a_pdf_of_nothing_but_broken_pages_is_broken(monkeypatch):
    def fail(self):
        raise KeyError("/Contents")

    monkeypatch.setattr("pypdf.PageObject.extract_text", fail)

    assert pdf_reader.read(written_pdf("Hello"), 100, 300, 1000)["why"] == "broken"


# --- Sounds -----------------------------------------------------------------------------------


def test_a_wav_sound_is_kept_without_notes():
    data = wav()
    noted = data + b"LIST" + struct.pack("<I", 14) + b"INFOIART" + b"Ada.\x00\x00"

    file = take("s.wav", noted)

    assert file.content == data
    assert (file.attachment["kind"], file.attachment["mime"]) == ("audio", "audio/wav")
    assert file.attachment["tokens"] is None


def test_a_wav_sound_whose_recorder_never_said_its_length_is_kept_with_the_true_one():
    data = wav()
    place = data.index(b"data") + 4
    streamed = data[:place] + b"\xff\xff\xff\xff" + data[place + 4 :]

    assert take("s.wav", streamed).content == data


def test_an_mp3_sound_is_kept_without_tags():
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 22]) + b"by Ada".ljust(150, b"\x00")

    file = take("s.mp3", tag + MP3 + b"TAG" + b"Ada".ljust(125, b"\x00"))

    assert file.content == MP3
    assert file.attachment["mime"] == "audio/mpeg"


def test_a_sound_that_lasts_too_long_is_refused():
    assert take("s.wav", wav(MAX_AUDIO_S, rate=1000))
    assert refusal("s.wav", wav(MAX_AUDIO_S * 2, rate=1000)) == (
        "s.wav lasts 20 minutes; audio may last up to 10."
        " Cut out the part that your question is about."
    )
    assert "lasts 11 minutes" in refusal("s.mp3", MP3_FRAME * 25_266)


def test_a_sound_of_too_many_bytes_is_refused():
    assert "audio may have up to 15 MB." in refusal("s.wav", wav(2, rate=8_000_000))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("s.wav", wav()[:30]),
        ("s.wav", wav(0)),
        ("s.wav", b"RIFF\x00\x00\x00\x00WAVE"),
        ("s.wav", wav().replace(struct.pack("<II", 8000, 8000), bytes(8))),
        ("s.mp3", MP3_FRAME * 2),
        ("s.mp3", b"\xff\xfb\x9c\x00" * 99),
        ("s.mp3", MP3_FRAME * 5 + bytes(9000)),
        ("s.mp3", b"ID3\x03\x00\x00\x00\x00\x00\x00"),
        ("s.mp3", b"ID3\x03"),
    ],
)
def test_a_broken_sound_is_refused(name, data):
    assert "is a broken" in refusal(name, data)


# --- What is refused for its kind -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "advice"),
    [
        ("a.zip", zipped(a__txt=b"hello"), "Extract the files and add those."),
        ("a.zip", zipped(), "Extract the files and add those."),
        ("bomb.zip", zipped(a=bytes(50_000_000)), "Extract the files and add those."),
        ("a.gz", zlib.compress(b"x" * 99, wbits=31), "Extract the files and add those."),
        ("a.tar", b"a.txt".ljust(257, b"\x00") + b"ustar\x00", "Extract the files and add those."),
        ("a.pages", zipped(word=b"x"), "Save it as DOCX, PPTX or PDF."),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "Save it as DOCX, PPTX or PDF."),
        ("a.rtf", b"{\\rtf1 hello}", "Save it as DOCX, PPTX or PDF."),
        ("a.numbers", zipped(xl=b"x"), "Save it as XLSX or CSV."),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Export it as PNG."),
        ("a.txt", b"<?xml version='1.0'?><!-- a --><svg:svg onload='x()'/>", "Export it as PNG."),
        ("a.xml", "<svg/>".encode("utf-16"), "Export it as PNG."),
        ("a.txt", "\ufeff <SVG >".encode(), "Export it as PNG."),
        ("a.png", b"hello", "Open it on your machine and save it again."),
        ("a.pdf", b"hello", "Open it on your machine and save it again."),
        ("a.mp3", b"hello", "Open it on your machine and save it again."),
        ("a.heic", bytes([0, 0, 0, 24]) + b"ftypheic" + bytes(12), "Save or share it as JPEG."),
        ("a.avif", bytes([0, 0, 0, 24]) + b"ftypavif" + bytes(12), "Save it as PNG or JPEG."),
        ("a.tiff", b"II*\x00" + bytes(20), "Save it as PNG or JPEG."),
        ("a.ogg", b"OggS\x00" + bytes(20), "Save it as MP3 or WAV."),
        ("a.m4a", bytes([0, 0, 0, 24]) + b"ftypM4A " + bytes(12), "Save it as MP3 or WAV."),
        (
            "a.mp4",
            bytes([0, 0, 0, 24]) + b"ftypisom" + bytes(12),
            "Take a screenshot of the moment",
        ),
        ("a.exe", b"MZ\x90\x00" + bytes(20), "It is a program"),
    ],
)
def test_an_unsupported_file_is_refused_with_advice(name, data, advice):
    said = refusal(name, data)

    assert said.startswith(f"{name} ")
    assert advice in said


def test_a_drawing_is_refused_by_the_type_that_the_browser_claims_too():
    assert "SVG" in refusal("a", b"hello", "image/svg+xml")


def test_a_page_with_a_drawing_in_it_is_source_code():
    assert take("a.html", b"<html><body><svg></svg></body></html>").attachment["kind"] == "text"


# --- Names, limits, parts ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("photo.txt", "photo.txt"),
        ("C:\\Users\\ada\\notes.txt", "notes.txt"),
        ("../../etc/passwd", "passwd"),
        ("a\nb\r\tc\x00.txt", "a b c .txt"),
        ("a```\n# b", "a # b"),
        ("evil\u202egnp.exe", "evil gnp.exe"),
        ("", "Unnamed file"),
        ("dir/", "Unnamed file"),
        ("Größe ☃.md", "Größe ☃.md"),
    ],
)
def test_a_name_is_cleaned(name, clean):
    assert clean_name(name) == clean
    assert take(name, b"hello").attachment["name"] == clean


def test_a_long_name_is_shortened_and_keeps_its_ending():
    name = clean_name("a" * 300 + ".json")

    assert len(name) == 100
    assert name.endswith("a….json")


@given(st.text(max_size=300))
def test_every_name_becomes_one_short_line(name):
    clean = clean_name(name)

    assert 0 < len(clean) <= 100
    assert len(clean.splitlines()) == 1
    assert clean.encode()


def test_the_shown_limits_are_the_ones_checked():
    told = {limit.kind: limit for limit in limits()}

    assert set(told) == {"image", "text", "document", "pdf", "audio"}
    assert all(limit.words.endswith(".") for limit in told.values())
    begins = {
        "image": halves("PNG"),
        "text": b"x",
        "document": b"PK\x03\x04[Content_Types].xml",
        "pdf": b"%PDF-",
        "audio": wav(),
    }
    for kind, begin in begins.items():
        most = told[kind].max_bytes
        assert f"may have up to {size(most)}" in refusal("a", begin.ljust(most + 1, b"x"))


def test_a_question_without_files_is_sent_as_it_is():
    assert parts("Hi", []) == "Hi"


def test_texts_go_into_the_prompt_before_the_question():
    one, two = take("a.txt", b"first"), take("b.txt", b"second")

    assert parts("Compare them", [one, two]) == f"{as_text(one)}\n\n{as_text(two)}\n\nCompare them"
    assert parts(" ", [one]) == as_text(one)


def test_pictures_and_sounds_are_parts_in_the_form_of_openai():
    text, image, sound = take("a.txt", b"x"), take("p.png", halves("PNG")), take("s.mp3", MP3)

    sent = parts("What is it?", [image, text, sound])

    assert [part["type"] for part in sent] == ["text", "image_url", "input_audio"]
    assert sent[0]["text"] == f"{as_text(text)}\n\nWhat is it?"
    head, _, data = sent[1]["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data) == image.content
    assert sent[2]["input_audio"]["format"] == "mp3"
    assert base64.b64decode(sent[2]["input_audio"]["data"]) == MP3
    assert parts("", [take("s.wav", wav())])[0]["input_audio"]["format"] == "wav"
    assert json.dumps(sent)


def test_a_picture_and_a_sound_are_shown_in_one_line():
    image, sound = take("p.png", halves("PNG")), take("s.wav", wav())

    assert as_text(image) == f"Picture p.png, {size(len(image.content))}"
    assert as_text(sound) == "Sound s.wav, 8 kB"


def test_two_files_of_the_same_content_are_two_attachments():
    one, two = take("a.txt", b"x"), take("a.txt", b"x")

    assert one.attachment["id"] != two.attachment["id"]
    assert one.attachment["sha256"] == two.attachment["sha256"]


# --- Anything at all --------------------------------------------------------------------------

SAMPLES = {
    "p.png": halves("PNG"),
    "p.jpg": halves("JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00"),
    "p.webp": halves("WEBP"),
    "p.gif": halves("GIF"),
    "p.bmp": halves("BMP"),
    "s.wav": wav(0.05),
    "s.mp3": b"ID3\x03\x00\x00\x00\x00\x00\x05abcde" + MP3_FRAME * 5,
    "t.txt": UMLAUTS.encode("utf-16"),
    "t.md": UMLAUTS.encode(),
}
PDFS = {"d.pdf": written_pdf("Hello", "there"), "l.pdf": locked_pdf("", "owner")}


@st.composite
def mutated(draw, samples):
    """A file with some bytes changed, cut out or put in, and perhaps its end lost."""
    name = draw(st.sampled_from(sorted(samples)))
    data = bytearray(samples[name])
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        cut = draw(st.integers(0, 4))
        data[place : place + cut] = draw(st.binary(max_size=6))
    if draw(st.booleans()):
        del data[draw(st.integers(0, len(data))) :]
    return name, bytes(data)


def is_taken_or_refused(name: str, data: bytes) -> None:
    try:
        file = take(name, data)
    except FileRejected as refused:
        said = str(refused)
    else:
        assert json.dumps(parts("Hi", [file]))
        said = as_text(file) + "."
    assert re.match(r"[^\n]{7,}", said)
    assert said.endswith(".")


@settings(max_examples=400)
@given(mutated(SAMPLES))
def test_a_file_with_changed_bytes_is_taken_or_refused(case):
    is_taken_or_refused(*case)


@settings(max_examples=200)
@given(st.text(max_size=20), st.binary(max_size=300))
def test_any_bytes_under_any_name_are_taken_or_refused(name, data):
    if b"%PDF-" not in data:
        is_taken_or_refused(name, data)


@pytest.mark.slow
@settings(max_examples=15)
@given(mutated(PDFS))
def test_a_pdf_with_changed_bytes_is_taken_or_refused(case):
    is_taken_or_refused(*case)


@pytest.mark.slow
@settings(max_examples=150)
@given(mutated(PDFS))
def test_the_reader_of_pdfs_always_answers(case):
    told = pdf_reader.read(case[1], 100, 300, 10_000)

    assert told["why"] in ("", "locked", "broken", "heavy", "long")
    assert json.dumps(told)
    assert len(told["text"]) < 10_200
