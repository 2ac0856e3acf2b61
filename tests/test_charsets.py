"""Texts as people save them in other encodings: read right, or shown as a guess, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.attachments import FileRejected, accept, charsets, texts
from clarifai_chat.attachments.charsets import ENCODINGS, decode, decode_as


def take(name, data, read_as=""):
    return accept(name, "", data, len, read_as)


def encodings(*codecs):
    """Name encodings as a person reads them."""
    return [next(label for label, each in ENCODINGS.items() if each == codec) for codec in codecs]


# Short tables and sentences: what a visitor attaches gives statistics little to work with.
TEXTS = {
    "gb18030": [
        "城市,高度\n布雷斯特,7.2 米\n多佛,6.0 米\n",
        "姓名,电话\n张伟,13800000000\n王芳,13900000000\n",
        "今天的会议讨论了下一季度的销售目标。\n",
    ],
    "big5hkscs": ["城市,高度\n臺北,7.2 公尺\n高雄,6.0 公尺\n", "日期,金額\n2024-01-05,午餐\n"],
    "cp932": [
        "都市,高さ\nブレスト,7.2メートル\n",
        "氏名,住所\n山田太郎,東京都千代田区\n佐藤花子,大阪府\n",
        "氏名,カナ\n山田,ﾔﾏﾀﾞ\n佐藤,ｻﾄｳ\n",
        "会社名,番号\n㈱山田商店,①\n",
    ],
    "euc_jis_2004": [
        "都市,高さ\nブレスト,7.2メートル\n",
        "本日の会議では目標について話し合いました。\n",
    ],
    "cp949": [
        "도시,높이\n브레스트,7.2 미터\n도버,6.0 미터\n",
        "이름,주소\n김철수,서울특별시 강남구\n",
    ],
    "cp1251": [
        "Город,Высота\nБрест,7.2 м\n",
        "Имя;Адрес\nИван Петров;Москва, ул. Ленина\n",
        "Місто,Висота\nКиїв,7.2 м\nЛьвів,6.0\n",
        "Град,Височина\nСофия,7.2 м\nПловдив,6\n",
    ],
    "koi8-r": ["Город,Высота\nБрест,7.2 м\n", "Сегодня обсудили планы продаж на квартал.\n"],
    "cp866": ["Город,Высота\nБрест,7.2 м\n"],
    "cp1250": [
        "Miasto,Wysokość\nBrześć,7.2 m\nGdańsk,6.0 m\n",
        "Imię;Miejscowość\nŁukasz Wiśniewski;Łódź\nMałgorzata Dąbrowska;Kraków\n",
        "Město,Výška\nPlzeň,7.2 m\nČeské Budějovice,6 m\n",
        "Város,Magasság\nSzékesfehérvár,7.2 m\nGyőr,6 m\n",
    ],
    "cp1252": [
        "Stadt,Höhe – m\nBrest,7,2\n",
        "Name;Straße;Ort\nMüller;Hauptstraße 5;Köln\n",
        "Datum;Betrag\n05.01.2024;120,50 €\n",
        "Nom;Prénom;Téléphone\nLefèvre;Zoé;01 02\nGarçon;Aurélie;03\n",
        "Ciudad,Altura\nLogroño,7.2 m\nCádiz,6\n",
        "Cidade,Altura\nSão Paulo,7,2 m\nBrasília,6\n",
        "Stad,Höjd\nMalmö,7,2 m\nGöteborg,6\nÅre,3\n",
        "Città,Altezza\nForlì,7,2 m\nPerché no\n",
        "Größe: 12 € für “alle”\nZeile zwei\n",
        "x²y × 2\n",
    ],
    "cp1253": ["Πόλη,Ύψος\nΑθήνα,7.2 μ\nΘεσσαλονίκη,6\n"],
    "cp1254": ["Şehir,Yükseklik\nİstanbul,7.2 m\nEskişehir,6\nMuğla,3\n"],
    "cp1255": ["עיר,גובה\nירושלים,7.2\nתל אביב,6\n"],
    "cp1256": ["المدينة,الارتفاع\nالقاهرة,7.2 م\nدمشق,6\n"],
    "cp874": ["เมือง,ความสูง\nกรุงเทพ,7.2 ม\nเชียงใหม่,6\n"],
}


@pytest.mark.parametrize(
    ("codec", "text"), [(codec, text) for codec, texts in TEXTS.items() for text in texts]
)
def test_a_short_table_is_read_right_and_the_guess_is_named(codec, text):
    file = take("table.csv", text.encode(codec))

    assert file.content.decode() == text
    assert file.read_as in file.choices
    assert encodings(codec)[0] in file.choices


@pytest.mark.parametrize("codec", ["gb18030", "cp932", "cp949", "cp1251", "cp1250", "koi8-r"])
def test_the_guess_is_the_encoding_that_people_know(codec):
    assert take("table.csv", TEXTS[codec][0].encode(codec)).read_as == encodings(codec)[0]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "city,height\nBrest,7.2\n",
        "城市,高度\n布雷斯特,7.2 米\n多佛,6.0 米\n",
        "Город,Высота\nБрест,7.2 м\n",
        "도시,높이\n브레스트,7.2 미터\n",
        "Größe: 12 €\n",
    ],
)
def test_utf_16_without_a_mark_is_read_and_said(codec, text):
    file = take("table.csv", text.encode(codec))

    assert file.content.decode() == text
    assert file.note == f"Read as {encodings(codec)[0]}."
    assert not file.choices


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ('<?xml version="1.0" encoding="Shift_JIS"?><a>高さ</a>', "cp932"),
        ("# -*- coding: koi8-r -*-\n# МОСКВА\n", "koi8-r"),
        ("Content-Type: text/plain; charset=gb2312\n\n城市", "gb18030"),
        ('@charset "iso-8859-1"; /* Größe */', "cp1252"),
    ],
)
def test_a_charset_that_the_file_names_is_no_guess(text, codec):
    file = take("file.txt", text.encode(codec))

    assert file.content.decode() == text
    assert file.note == f"Read as {encodings(codec)[0]}."
    assert not file.choices


def test_a_charset_that_does_not_exist_or_does_not_fit_is_not_believed():
    text = "Город,Высота\nБрест,7.2 м\n"

    for named in ("no-such-thing", "big5", "rot13"):
        file = take("a.txt", f"charset={named}\n{text}".encode("cp1251"))
        assert text in file.content.decode()
        assert file.read_as == "Windows-1251 (Cyrillic)"


def test_japanese_mail_is_read_by_its_escapes():
    text = "本日の会議\n目標\n"

    assert take("mail.eml", text.encode("iso2022_jp")).content.decode() == text


@pytest.mark.parametrize("text", ["", "plain words\n", "Größe ☃ 城市\n"])
def test_utf_8_is_never_a_guess(text):
    assert decode(text.encode()) == charsets.Decoded(text, "UTF-8")


def test_another_encoding_can_be_chosen():
    data = "Город,Высота\nБрест,7.2 м\n".encode("koi8-r")
    first = take("a.csv", data)

    wrong = take("a.csv", data, "Windows-1252 (Western)")
    right = take("a.csv", data, "KOI8-R (Cyrillic)")

    assert "Windows-1252 (Western)" in first.choices
    assert wrong.content == data.decode("cp1252", "replace").encode()
    assert wrong.read_as == "Windows-1252 (Western)"
    assert "Город" in right.content.decode()
    assert set(right.choices) == set(first.choices)


def test_bytes_that_a_chosen_encoding_lacks_are_shown_and_counted():
    file = take("a.csv", b"caf\xe9 \x81\xff!", "UTF-8")

    assert file.content.decode() == "caf� ��!"
    assert file.note == "It has 3 broken characters, shown as �."


def test_a_nul_in_a_log_is_shown_and_the_rest_is_kept():
    file = take("run.log", b"line one\nline\x00two\n" + b"more words\n" * 9)

    assert file.content.decode().startswith("line one\nline␀two\nmore")
    assert file.note == "It has 1 NUL byte, shown as ␀."
    assert not file.choices


def test_a_log_that_was_cut_while_it_was_written_begins_with_many():
    file = take("run.log", bytes(5000) + b"line one\n" * 9)

    assert file.content.decode().startswith("␀line one\n")
    assert file.note == "It has 5,000 NUL bytes, shown as ␀."


def test_a_nul_in_a_log_of_another_encoding_is_shown_too():
    log = "会议纪要\n今天的会议讨论了下一季度的销售目标。\n"

    file = take("run.log", (log + "\0" + log).encode("gb18030"))

    assert file.content.decode() == f"{log}␀{log}"
    assert file.read_as == "GB18030 (Chinese)"


def test_a_broken_byte_among_many_good_ones_does_not_change_the_encoding():
    file = take("run.log", ("城市高度" * 50).encode() + b"\xff\n")

    assert file.content.decode() == "城市高度" * 50 + "�\n"
    assert file.note == "It has 1 broken character, shown as �."


def test_a_large_file_is_guessed_by_its_beginning():
    line = "城市,高度\n布雷斯特,7.2 米\n"
    data = (line * 2000).encode("gb18030")
    assert len(data) > charsets.LOOKED_AT

    assert decode(data).text == line * 2000


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(1, 256)),
        bytes(20),
        bytes(byte for byte in range(32, 256)) * 3,
        b"\xff\xfe" + b"\x01\x00" * 9,
        b"\x00\x01\x02",
    ],
)
def test_what_looks_right_in_no_encoding_is_refused_with_advice(data):
    with pytest.raises(FileRejected, match="If it is a text, save it as UTF-8"):
        take("thing.dat", data)


def test_lines_that_tell_are_those_beyond_ascii():
    text = "id,name\n1,Ada\n\n2,Zoé\n3,Łódź\n4,x\n5,é\n6,ü\n"

    assert texts.telling(text) == "2,Zoé\n3,Łódź\n5,é"
    assert texts.telling("a\nb\nc\nd\n") == "a\nb\nc"
    assert len(texts.telling("é" * 999)) == texts.TELLING_CHARS


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_not(data):
    found = decode(data)

    if found and found.is_guess:
        assert found.encoding in ENCODINGS
        assert all(decode_as(data, other).text is not None for other in found.others)
