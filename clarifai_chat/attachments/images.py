"""Decode pictures, turn them upright, shrink them, and encode only their pixels again."""

import io
import threading
from math import ceil

from PIL import Image

from clarifai_chat.attachments.limits import MAX_IMAGE_PIXELS, MAX_JPEG_PIXELS, FileRejected

MAX_SIDE = 2048  # models look at no more
SMALL = 200  # for a line of thumbnails
LARGE = 1024  # for a picture that is the answer
MAX_PNG_BYTES = 5_000_000  # above it transparency is dropped; some providers accept no more
JPEG_QUALITY = 90
_ORIENTATION = 0x0112  # the number of EXIF's tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Pillow's own guard, for whatever decodes a picture in this process.
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
MIMES = ("image/png", "image/jpeg", "image/gif", "image/webp")  # the first two are ours
_FORMS = ("PNG", "JPEG", "GIF", "WEBP")
_one_at_a_time = threading.Lock()  # because of the memory that each may take


def read(name: str, data: bytes, form: str) -> tuple[bytes, str]:
    """Return a picture as it is sent, and its type. Raises `FileRejected` if broken or huge."""
    try:
        with _one_at_a_time, Image.open(io.BytesIO(data), formats=[form]) as image:
            _check(name, image, MAX_JPEG_PIXELS if form == "JPEG" else MAX_IMAGE_PIXELS)
            return _written(_decoded(image))
    except FileRejected:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels(name, MAX_IMAGE_PIXELS) from None
    except Exception:  # noqa: BLE001 - a decoder over a stranger's bytes: whatever it says, they are broken
        raise FileRejected(
            f"{name} is a broken {form} picture. Open it on your machine and save it again."
        ) from None


def small(data: bytes) -> bytes | None:
    """Return a thumbnail of a picture, or None if it cannot be shown."""
    return _shown(data, SMALL)


def large(data: bytes) -> bytes | None:
    """Return a picture as large as a page shows it, or None if it cannot be shown."""
    return _shown(data, LARGE)


def _shown(data: bytes, side: int) -> bytes | None:
    """Return a picture of at most `side` pixels, or None if it cannot be shown.

    Checks the picture again: it may be from an import that somebody else made.
    """
    try:
        with _one_at_a_time, Image.open(io.BytesIO(data), formats=_FORMS) as image:
            _check("", image, MAX_JPEG_PIXELS if image.format == "JPEG" else MAX_IMAGE_PIXELS)
            return _written(_decoded(image, side))[0]
    except Exception:  # noqa: BLE001 - whatever a decoder says, it cannot be shown
        return None


def _check(name: str, image: Image.Image, most: int) -> None:
    """Raise `FileRejected` for too many pixels, by the header alone, before decoding."""
    if image.width * image.height > most:
        raise _too_many_pixels(name, most)


def _too_many_pixels(name: str, most: int) -> FileRejected:
    return FileRejected(
        f"{name} has too many pixels; such a picture may have up to {most // 1_000_000} million."
        " Make it smaller."
    )


def _decoded(image: Image.Image, side: int = MAX_SIDE) -> Image.Image:
    """Return the first frame, whole, upright, and no larger than `side` in either direction."""
    share = side / max(image.size)
    if share < 1:  # a large JPEG can be decoded at a fraction of its size, but not below this one
        image.draft(None, (ceil(image.width * share), ceil(image.height * share)))
    image.load()
    turn = _UPRIGHT.get(_orientation(image))
    if image.mode.startswith("I;16"):  # 16 bits a pixel: Pillow would cut, not scale
        image = image.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode != mode:  # converting would always copy the large picture
        image = image.convert(mode)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - broken notes do not make a picture broken
        return 1


def _written(image: Image.Image) -> tuple[bytes, str]:
    # A new picture of the same pixels: Pillow passes notes, comments and profiles on in `info`.
    pixels = Image.new(image.mode, image.size)
    pixels.paste(image)
    if image.mode == "RGBA":
        if pixels.getchannel("A").getextrema() != (255, 255):
            png = io.BytesIO()
            pixels.save(png, "PNG")
            if png.tell() <= MAX_PNG_BYTES:
                return png.getvalue(), "image/png"
        on_white = Image.new("RGB", pixels.size, "white")
        on_white.paste(pixels, mask=pixels.getchannel("A"))
        pixels = on_white
    jpeg = io.BytesIO()
    pixels.save(jpeg, "JPEG", quality=JPEG_QUALITY)
    return jpeg.getvalue(), "image/jpeg"
