"""Find out in which encoding a text was saved, and say whether that is certain.

UTF-8, byte order marks and a charset that the file itself names are certain. Everything else is a
guess: chardet ranks the encodings that people still use, and what the text would look like in
each corrects the ranking, because a short table gives statistics little to work with.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# How people know them → Python's codec, a superset where programs write one under that name.
ENCODINGS = {
    "UTF-8": "utf-8",
    "UTF-16, little-endian": "utf-16-le",
    "UTF-16, big-endian": "utf-16-be",
    "GB18030 (Chinese)": "gb18030",
    "Big5 (Chinese)": "big5hkscs",
    "Shift-JIS (Japanese)": "cp932",
    "EUC-JP (Japanese)": "euc_jis_2004",
    "ISO-2022-JP (Japanese)": "iso2022_jp",
    "EUC-KR (Korean)": "cp949",
    "Windows-1252 (Western)": "cp1252",
    "Windows-1250 (Central European)": "cp1250",
    "ISO-8859-2 (Central European)": "iso8859-2",
    "Windows-1251 (Cyrillic)": "cp1251",
    "KOI8-R (Cyrillic)": "koi8-r",
    "KOI8-U (Cyrillic)": "koi8-u",
    "IBM866 (Cyrillic)": "cp866",
    "ISO-8859-5 (Cyrillic)": "iso8859-5",
    "Windows-1253 (Greek)": "cp1253",
    "Windows-1254 (Turkish)": "cp1254",
    "Windows-1255 (Hebrew)": "cp1255",
    "Windows-1256 (Arabic)": "cp1256",
    "Windows-1257 (Baltic)": "cp1257",
    "Windows-1258 (Vietnamese)": "cp1258",
    "Windows-874 (Thai)": "cp874",
    "Mac Roman (Western)": "mac-roman",
}
_LABELS = {codec: label for label, codec in ENCODINGS.items()}
# Charsets that files name → the superset in which they are read, as in browsers.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_jp": "euc_jis_2004",
    "euc_kr": "cp949",
}
_GUESSED = tuple(
    codec for codec in ENCODINGS.values() if not codec.startswith(("utf", "mac", "iso2022"))
)
_MARKS = (  # the longer first: UTF-32's begins like UTF-16's
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Not in any text, except for a few that terminals and printers use; NUL is counted on its own.
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_NULS = re.compile("\0+")
_JAPANESE_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([IJ])")
_NAMED = re.compile(
    rb"""(?:@charset\s|(?:charset|coding)\s*[:=])\s*["']?([A-Za-z0-9][A-Za-z0-9_.:-]{1,30})""", re.I
)
HEAD = 1024  # bytes in which a file names its charset
MAX_CONTROL_SHARE = 0.01
MAX_NUL_SHARE = 0.12  # of the characters: a file that was cut or copied has a few runs of them
MAX_BROKEN_SHARE = 0.01  # of the characters beyond ASCII
MAX_ODD_SHARE, FEW_ODD = 0.1, 2  # of the characters beyond ASCII, in a guess
LOOKED_AT = 30_000  # bytes for a guess: more takes time and changes nothing
_WESTERN_FIRST = 1.5  # close to each other, Western is the likelier one, except with these
_ONLY_SIGNS = 20  # dashes, quotation marks and units: other alphabets would have letters
_ICELANDIC = frozenset("ÐÝÞðýþ")  # Turkish letters in Windows-1254


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and how it was read."""

    text: str
    encoding: str  # a label of ENCODINGS
    is_guess: bool = False
    others: tuple[str, ...] = ()  # the encodings in which a guess could be read instead


def decode(data: bytes) -> Decoded | None:
    """Return the text of `data`, or None if it is no text or its encoding cannot be told."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _unless_binary(data.decode(codec, "replace"), "UTF-8")
    if _JAPANESE_ESCAPE.search(data) and (text := _strictly(data, "iso2022_jp")):
        return Decoded(text, "ISO-2022-JP (Japanese)")
    return _utf_8(data) or _utf_16(data) or _as_named(data) or _guess(data)


def decode_as(data: bytes, label: str) -> Decoded:
    """Return the text of `data` in an encoding that a person chose; � is what it lacks."""
    return Decoded(_read(data, ENCODINGS[label]), label, True, _readable(data))


def _read(data: bytes, codec: str) -> str:
    return data.decode(codec, "replace").removeprefix("\ufeff")


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _unless_binary(text: str, encoding: str) -> Decoded | None:
    strange = sum(1 for _ in _CONTROL.finditer(text))
    nuls, others = sum(1 for _ in _NULS.finditer(text)), len(text) - text.count("\0")
    if strange > len(text) * MAX_CONTROL_SHARE or nuls > others * MAX_NUL_SHARE:
        return None
    return Decoded(text, encoding)


def _utf_8(data: bytes) -> Decoded | None:
    """Decode UTF-8, even if it was cut within a character or a few of its bytes are broken."""
    try:
        return _unless_binary(data.decode(), "UTF-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return _unless_binary(data[: error.start].decode(), "UTF-8")
    text = data.decode("utf-8", "replace")
    beyond = sum(1 for char in text if char > "\x7f")
    is_mostly = text.count("\ufffd") <= beyond * MAX_BROKEN_SHARE
    return _unless_binary(text, "UTF-8") if is_mostly else None


def _utf_16(data: bytes) -> Decoded | None:
    """Decode UTF-16 without a mark: its blanks and digits have a zero byte on one side."""
    if b"\x00" not in data:
        return None
    found: list[tuple[int, Decoded]] = []
    for label in ("UTF-16, little-endian", "UTF-16, big-endian"):
        text = _strictly(data[: len(data) // 2 * 2], ENCODINGS[label])
        if text is None or "\0" in text or any(_is_unassigned(char) for char in text):
            continue
        plain = sum(1 for char in text if char in "\t\n\r" or " " <= char < "\x7f")
        if plain and (read := _unless_binary(text, label)):
            found.append((plain, read))
    return max(found, key=lambda each: each[0])[1] if found else None


def _as_named(data: bytes) -> Decoded | None:
    """Decode by the charset that the file names in its head, as HTML, XML, mails and code do."""
    for match in _NAMED.finditer(data[:HEAD]):
        try:
            codec = codecs.lookup(match[1].decode()).name
        except LookupError:
            continue
        codec = _SUPERSETS.get(codec, codec)
        if codec in _LABELS and (text := _strictly(data, codec)):
            return _unless_binary(text, _LABELS[codec])
    return None


def _guess(data: bytes) -> Decoded | None:
    import chardet  # here, because it takes time and few files need it

    sample = data[:LOOKED_AT].replace(b"\x00", b"")
    if b"\n" in sample and len(data) > len(sample):  # not within a character
        sample = sample[: sample.rindex(b"\n")]
    if not sample:
        return None
    ranked = chardet.detect_all(
        sample, ignore_threshold=True, compat_names=False, include_encodings=_GUESSED
    )
    best, best_score = "", -1.0
    for each in ranked:
        codec = str(each["encoding"])
        text = _strictly(sample, codec) if codec in _LABELS else None
        if text is None:
            continue
        odd, beyond = sum(1 for _ in _odd(text)), sum(1 for char in text if char > "\x7f")
        if odd > max(FEW_ODD, beyond * MAX_ODD_SHARE):
            continue
        score = each["confidence"] * (1 - odd / max(1, beyond)) ** 2
        if codec == "cp1252" and not _ICELANDIC.intersection(text):
            has_letters = any(char > "\x7f" and char.isalpha() for char in text)
            score *= _WESTERN_FIRST if has_letters else _ONLY_SIGNS
        if score > best_score:
            best, best_score = codec, score
    if not best:
        return None
    found = _unless_binary(_read(data, best), _LABELS[best])
    return Decoded(found.text, found.encoding, True, _readable(data)) if found else None


def _readable(data: bytes) -> tuple[str, ...]:
    """Return the encodings in which almost all of `data` is text."""
    return tuple(
        label
        for label, codec in ENCODINGS.items()
        if not codec.startswith("iso2022") and _unless_binary(_read(data[:LOOKED_AT], codec), label)
    )


def _is_unassigned(char: str) -> bool:
    return unicodedata.category(char) in ("Cn", "Co", "Cs")


def _odd(text: str) -> Iterator[str]:
    """Yield the characters that hardly stand where they stand in a text that was read right."""
    for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if char <= "\x7f":
            continue
        category = unicodedata.category(char)
        is_inside = before.isalpha() and after.isalpha()
        if (
            category in ("Cc", "Cn", "Co")
            or "\u2500" <= char <= "\u259f"  # drawn lines
            or (category == "Lu" and before.islower())
            or (category[0] in "SZ" and is_inside)
            or (char.isalpha() and _is_mixed(before, char, after))
        ):
            yield char


def _is_mixed(before: str, letter: str, after: str) -> bool:
    """Return whether a letter touches one of another alphabet; Chinese may, but not between two."""
    own = _script(letter)
    around = [_script(each) for each in (before, after) if each.isalpha()]
    if not own:
        return around == ["L", "L"]
    return any(each and each != own for each in around)


def _script(letter: str) -> str:
    """Return the alphabet of a letter by its place in Unicode; "" for those without small ones."""
    if letter < "\u0250" or "\u1e00" <= letter < "\u1f00" or letter == "\u2019":
        return "L"
    if letter < "\u0400":
        return "G"
    if letter < "\u0530":
        return "C"
    if letter < "\u0900":
        return "S"  # Hebrew, Arabic
    return "" if letter < "\u0e00" or letter > "\u0eff" else "T"
