from __future__ import annotations

import pytest

from raysearch.experiment.data_hints import data_hint

TEXTS = "label,review\n" + "good,so very good that it must be seen\n" * 3
FILES = {
    "houses.csv": "rooms,price\n3,100\n4,200\n",
    "empty.csv": "",
    "reviews.csv": TEXTS,
    "reviews.tsv": TEXTS.replace(",", "\t"),
    "reviews.jsonl": '{"label": 1, "body": "so very good that it must be seen"}\n' * 3,
    "broken.jsonl": '{"label": 1, "body": "so very good that it must\n' * 3,
    "deep.jsonl": '{"label": 1, "body": ' + "[" * 9000 + "\n",
    "photos.csv": "file,kind\na/1.PNG,x\na/2.jpg,y\n",
    "binary.csv": "\udc80\udc81",
}
ARGS = {
    "houses.csv": "{name: table, args: {path: houses.csv, target: COLUMN}}",
    "not_there.csv": "{name: table, args: {path: not_there.csv, target: COLUMN}}",
    "not_there.parquet": "{name: table, args: {path: not_there.parquet, target: COLUMN}}",
    "empty.csv": "{name: table, args: {path: empty.csv, target: COLUMN}}",
    "binary.csv": "{name: table, args: {path: binary.csv, target: COLUMN}}",
    "reviews.csv": "{name: text, args: {path: reviews.csv, text: review, target: COLUMN}}",
    "reviews.tsv": "{name: text, args: {path: reviews.tsv, text: review, target: COLUMN}}",
    "reviews.jsonl": "{name: text, args: {path: reviews.jsonl, text: body, target: COLUMN}}",
    "broken.jsonl": "{name: table, args: {path: broken.jsonl, target: COLUMN}}",
    "deep.jsonl": "{name: table, args: {path: deep.jsonl, target: COLUMN}}",
    "photos.csv": "{name: images, args: {path: photos.csv, image: file, target: COLUMN}}",
    "pictures": "{name: images, args: {path: pictures}}",
    "pictures/": "{name: images, args: {path: pictures/}}",
    "not_there/": "{name: images, args: {path: not_there/}}",
    "pictures/cat/1.jpg": "{name: images, args: {path: pictures/}}",
}


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    (tmp_path / "pictures" / "cat").mkdir(parents=True)


@pytest.mark.parametrize(("name", "args"), ARGS.items(), ids=ARGS)
def test_a_file_or_folder_is_told_by_its_name_and_content(name, args):
    assert f"write {args}" in data_hint(name)


@pytest.mark.parametrize("name", ["my_data", "dgits", "my_package.data:Data", "", "a\0b"])
def test_other_names_have_no_hint(name):
    assert data_hint(name) == ""
