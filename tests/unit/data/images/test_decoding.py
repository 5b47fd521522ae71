from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from raysearch.data.images.decoding import Header, Plan, UnreadableImage, decode, header, quietly
from tests.pictures import picture, save


def plan(height=8, width=8, channels=1, **settings):
    sizes = {"height": height, "width": width, "channels": channels}
    return Plan(**{**sizes, "resize": "stretch", **settings})


def test_an_image_of_the_right_size_keeps_its_pixels(tmp_path):
    pixels = picture("down", 0, channels=3)
    path = str(save(pixels, tmp_path / "a.png"))
    found = decode([path], plan(channels=3))
    assert found.shape == (3, 8, 8)
    assert (found == pixels.transpose(2, 0, 1)).all()
    assert header(path) == Header(height=8, width=8, is_grey=False)


def test_16_bits_become_8_not_white(tmp_path):
    values = np.array([[0, 257, 257 * 128, 65535]], dtype=np.uint16)
    path = tmp_path / "a.png"
    Image.fromarray(values).save(path)
    assert header(str(path)).is_grey
    assert decode([str(path)], plan(1, 4)).tolist() == [[[0, 1, 128, 255]]]


def test_what_is_transparent_becomes_white(tmp_path):
    pixels = np.zeros((1, 2, 4), dtype=np.uint8)
    pixels[0, 0, 3] = 255
    path = str(save(pixels, tmp_path / "a.png"))
    assert decode([path], plan(1, 2)).tolist() == [[[0, 255]]]
    assert decode([path], plan(1, 2, channels=3))[:, 0, 1].tolist() == [255, 255, 255]


def test_palettes_and_black_and_white_are_read(tmp_path):
    pixels = picture("down", 0)
    for mode in ("P", "1"):
        Image.fromarray(pixels).convert(mode).save(tmp_path / f"{mode}.png")
        assert decode([str(tmp_path / f"{mode}.png")], plan(channels=3)).shape == (3, 8, 8)


def test_an_image_on_its_side_is_turned(tmp_path):
    pixels = np.zeros((8, 16), dtype=np.uint8)
    pixels[:, :8] = 255
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(pixels).save(path, exif=exif, quality=95)
    assert (header(str(path)).height, header(str(path)).width) == (16, 8)
    found = decode([str(path)], plan(16, 8))[0]
    assert found[:7].min() > 200
    assert found[9:].max() < 50


@pytest.mark.parametrize(
    ("resize", "bright"), [("stretch", (8, 4)), ("crop", (8, 8)), ("pad", (4, 4))]
)
def test_another_shape_is_stretched_cropped_or_padded(tmp_path, resize, bright):
    pixels = np.zeros((16, 32), dtype=np.uint8)
    pixels[:, 8:24] = 255
    path = str(save(pixels, tmp_path / "a.png"))
    found = decode([path], plan(8, 8, resize=resize))[0] > 128
    assert (found.any(1).sum(), found.any(0).sum()) == bright


@pytest.mark.parametrize(
    ("n", "chosen"), [(5, [0, 2, 4]), (3, [0, 1, 2]), (2, [0, 0, 1]), (1, [0, 0, 0])]
)
def test_frames_are_evenly_spaced(tmp_path, n, chosen):
    files = [
        str(save(np.full((8, 8), number, dtype=np.uint8), tmp_path / f"{number}.png"))
        for number in range(n)
    ]
    found = decode(files, plan(frames=3))
    assert found.shape == (1, 3, 8, 8)
    assert found[0, :, 0, 0].tolist() == chosen


def test_what_cannot_be_read_says_why(tmp_path):
    whole = save(picture("down", 0, side=64), tmp_path / "a.png").read_bytes()
    cut, text, empty = (tmp_path / name for name in ("cut.png", "text.png", "empty.png"))
    cut.write_bytes(whole[: len(whole) // 2])
    text.write_text("no image")
    empty.write_bytes(b"")
    Image.fromarray(picture("down", 0)).save(tmp_path / "gif.png", format="GIF")
    for path, reason in (
        (cut, "cut.png: "),
        (text, "text.png: no PNG or JPEG image"),
        (empty, "empty.png: no PNG or JPEG image"),
        (tmp_path / "gif.png", "gif.png: no PNG or JPEG image"),
        (tmp_path / "none.png", "none.png: no such file"),
    ):
        with pytest.raises(UnreadableImage, match=reason):
            decode([str(path)], plan(64, 64))
    with pytest.raises(UnreadableImage, match="no such file or folder"):
        decode([], plan())


def test_an_image_that_would_fill_the_memory_is_not_read(tmp_path, monkeypatch):
    path = str(save(picture("down", 0), tmp_path / "a.png"))
    for limit in (50, 20):  # of which pillow warns, and which it refuses
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with quietly(), pytest.raises(UnreadableImage, match="million pixels"):
            decode([path], plan())


@pytest.mark.parametrize(("ending", "kind"), [("png", "PNG"), ("jpg", "JPEG")])
def test_damaged_bytes_are_read_or_refused_and_nothing_else(tmp_path, ending, kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / f"a.{ending}"
    Image.fromarray(picture("down", 0, side=24)).save(path, format=kind, exif=exif)
    whole, rng, n_refused = path.read_bytes(), np.random.default_rng(0), 0
    for attempt in range(200):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(damaged))] if attempt % 4 == 0 else damaged)
        try:
            with quietly():
                header(str(path))
                assert decode([str(path)], plan()).shape == (1, 8, 8)
        except UnreadableImage:
            n_refused += 1
    assert 20 < n_refused < 200
