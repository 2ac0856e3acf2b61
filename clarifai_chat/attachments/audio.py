"""Measure audio files, and remove what is not sound: names, comments, covers."""

from collections.abc import Iterator

from clarifai_chat.attachments.limits import MAX_AUDIO_S, FileRejected

FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3"}  # type → OpenAI's name for it

# MPEG audio, layer III: kbit/s by the header's number, and samples a second by version and number.
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
MIN_FRAMES = 3  # fewer can be a coincidence


def read(name: str, data: bytes, form: str) -> tuple[bytes, str]:
    """Return audio as it is sent, and its type. Raises `FileRejected` if broken or too long."""
    content, seconds = _wav(data) if form == "wav" else _mp3(data)
    if seconds <= 0:
        raise FileRejected(
            f"{name} is a broken {form.upper()} file. Open it on your machine and save it again."
        )
    if seconds > MAX_AUDIO_S:
        raise FileRejected(
            f"{name} lasts {seconds / 60:.0f} minutes; audio may last up to {MAX_AUDIO_S // 60}."
            " Cut out the part that your question is about."
        )
    return content, "audio/wav" if form == "wav" else "audio/mpeg"


def _wav(data: bytes) -> tuple[bytes, float]:
    """Return a WAV file with its format and samples only, and its seconds; 0 if broken."""
    form, sound = b"", b""
    for chunk, body in _chunks(data):
        if chunk == b"fmt " and not form:
            form = body
        elif chunk == b"data" and not sound:
            sound = body
    if not 16 <= len(form) <= 64 or not sound:
        return b"", 0
    bytes_a_second = int.from_bytes(form[8:12], "little")
    if not bytes_a_second:
        return b"", 0
    inside = b"".join(
        chunk + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) % 2)
        for chunk, body in ((b"fmt ", form), (b"data", sound))
    )
    head = b"RIFF" + (len(inside) + 4).to_bytes(4, "little") + b"WAVE"
    return head + inside, len(sound) / bytes_a_second


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, body) of each chunk; recorders may leave the last one too short."""
    place = 12
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        yield data[place : place + 4], data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _mp3(data: bytes) -> tuple[bytes, float]:
    """Return the frames of an MP3 file without tags, and their seconds; 0 if broken."""
    place = begin = _after_tag(data)
    end = len(data) - 128 if data[-128:-125] == b"TAG" else len(data)
    frames, sound, seconds = 0, 0, 0.0
    while place + 4 <= end:
        size, lasts = _frame(data, place)
        if not size:  # skip to what may be the next frame
            place = data.find(b"\xff", place + 1, end)
            if place < 0:
                break
            continue
        frames, sound, seconds, place = frames + 1, sound + size, seconds + lasts, place + size
    is_sound = frames >= MIN_FRAMES and 2 * sound >= end - begin
    return (data[begin:end], seconds) if is_sound else (b"", 0)


def _after_tag(data: bytes) -> int:
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = sum(
        (byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True)
    )
    return 10 + size + (10 if data[5] & 0x10 else 0)  # and the tag's footer


def _frame(data: bytes, place: int) -> tuple[int, float]:
    """Return the bytes and seconds of the frame at `place`; 0 bytes if there is none."""
    sync, second, third = data[place : place + 3]
    version, layer = second >> 3 & 3, second >> 1 & 3
    kbits, rate = third >> 4, third >> 2 & 3
    if sync != 0xFF or second < 0xE0 or version == 1 or layer != 1:
        return 0, 0
    if not 0 < kbits < 15 or rate == 3:
        return 0, 0
    samples = 1152 if version == 3 else 576
    hertz = _RATES[version][rate]
    bits = (_KBITS_1 if version == 3 else _KBITS_2)[kbits] * 1000
    return samples // 8 * bits // hertz + (third >> 1 & 1), samples / hertz
