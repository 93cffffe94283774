"""What is told of the table of rows: over HTTP, in the plan, by show and inspect, and by a static site."""

import gzip
import io
import json
import zlib

import h5py
import numpy as np

from programs import ROOT
from row_tables import ROWS, everything, write
from serving import Server

import row_oracle


def png(content):
    """The pixels of a PNG without filters."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    stream, data, size = io.BytesIO(content[8:]), b"", None
    while head := stream.read(8):
        body = stream.read(int.from_bytes(head[:4], "big"))
        stream.read(4)
        if head[4:] == b"IHDR":
            size = int.from_bytes(body[4:8], "big"), int.from_bytes(body[:4], "big"), {0: 1, 2: 3}[body[9]]
        data += body if head[4:] == b"IDAT" else b""
    lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(size[0], 1 + size[1] * size[2])
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(size)


def test_the_server_tells_what_rows_are(table, tmp_path, rng):
    keys = everything(tmp_path / "a.h5", ROWS, rng, bad=np.where(np.arange(ROWS) == 2, np.nan, 0.5), flag=np.arange(ROWS) == 3)
    keys["columns"] += ["bad", "flag"]
    group, told, store = table(keys, tmp_path / "a.h5")
    base = f"/api/v1/datasets/job/{store.resolve().name}"
    with Server(tmp_path / "Tiles") as server:
        summary = server.json(base)["table"]
        assert summary == {
            "label": True, "prediction": True, "scores": 5, "texts": True, "pictures": {"height": 9, "width": 8, "channels": 3},
            "columns": [{"name": "id", "kind": "integer"}, {"name": "split", "kind": "text", "values": ["train", "val"]},
                        {"name": "bad", "kind": "number"}, {"name": "flag", "kind": "boolean"}]}  # fmt: skip
        answer = server.json(f"{base}/rows?from=1&count=50")
        assert (answer["from"], answer["total"], len(answer["rows"])) == (1, ROWS, 50)
        margins = group["margin"][...]
        for row in answer["rows"]:
            n = row["row"]
            assert row == {
                "row": n, "label": str(n % 3), "prediction": str(n % 4), "margin": margins[n],
                "columns": {"id": n, "split": ["train", "val"][n % 2], "bad": None if n == 2 else 0.5, "flag": n == 3}}  # fmt: skip
        assert len(server.json(f"{base}/rows")["rows"]) == ROWS and len(server.json(f"{base}/rows?from=59&count=1000")["rows"]) == 1
        status, headers, body = server.get(f"{base}/rows/7/picture")
        assert status == 200 and headers["Content-Type"] == "image/png" and "immutable" in headers["Cache-Control"]
        with h5py.File(tmp_path / "a.h5") as f:
            np.testing.assert_array_equal(png(body), f["x"][7])
            for rows in ([3], [59, 0, 7, 7], range(8)):
                status, headers, body = server.get(f"{base}/rows/pictures?rows={','.join(map(str, rows))}")
                assert status == 200 and headers["Content-Type"] == "image/png" and "immutable" in headers["Cache-Control"]
                np.testing.assert_array_equal(png(body), np.concatenate(f["x"][sorted(set(rows))]))
            assert server.json(f"{base}/rows/49/text") == {"row": 49, "text": f["t"][49].decode()}
            assert server.json(f"{base}/rows/texts?rows=49,2,49") == {"texts": [{"row": row, "text": f["t"][row].decode()} for row in (2, 49)]}
        for path, status in (
            ("rows?from=60", 404), ("rows?count=0", 400), ("rows?count=1025", 400), ("rows?from=-1", 400), ("rows?x=1", 400),
            ("rows/60/picture", 404), ("rows/60/text", 404), ("rows/x/text", 404), ("rows/0", 404), ("rows/0/picture?a=1", 400),
            ("rows/pictures", 400), ("rows/pictures?rows=", 400), ("rows/pictures?rows=1,", 400), ("rows/pictures?rows=1,60", 404),
            ("rows/pictures?rows=" + ",".join(["1"] * 65), 400), ("rows/pictures/1", 404),
            ("rows/texts", 400), ("rows/texts?rows=60", 404), ("rows/texts?rows=a", 400),
        ):
            assert server.get(f"{base}/{path}")[0] == status, path
        assert server.stop() == 0


def test_a_store_without_pictures_says_so(table, tmp_path):
    _, _, store = table({}, write(tmp_path / "a.h5", labels=False))
    base = f"/api/v1/datasets/job/{store.resolve().name}"
    with Server(tmp_path / "Tiles") as server:
        assert server.json(f"{base}/rows?count=1")["rows"] == [{"row": 0, "columns": {}}]
        assert server.get(f"{base}/rows/0/picture")[0] == server.get(f"{base}/rows/0/text")[0] == 404
        assert server.get(f"{base}/rows/pictures?rows=0")[0] == server.get(f"{base}/rows/texts?rows=0")[0] == 404


def test_plan_and_show_list_the_table(table, program, tmp_path, rng):
    keys = everything(tmp_path / "a.h5", ROWS, rng, big=np.zeros((ROWS, 100, 50), "u1"))
    keys["pictures"] = "big"
    plan = program.ok("precompute", table(keys, tmp_path / "a.h5")[2].parents[2] / "job.yaml", "--plan-only").stdout
    assert "scores of 5 classes, pictures of 64 x 32 x 1, made small, texts, 2 columns" in plan
    shown = program.ok("show", tmp_path / "Tiles/job").stdout
    for words in ("label: 3 classes", "prediction: 4 classes", "scores: 5 classes, from p", "column id: integer, from id",
                  "column split: text, 2 different, from split", "picture: 64 x 32, grey, made small from 100 x 50, from big", "text: "):
        assert words in shown, f"{words!r} is not in:\n{shown}"


def test_what_is_taken_is_not_left_out(program, job, tmp_path):
    """Pictures by their name, a column that may be labels, and one that may be a neuron."""
    images = np.zeros((ROWS, 4, 4), "u1")
    dump = write(tmp_path / "a.h5", images=images, kind=np.arange(ROWS) % 2, loss=np.ones(ROWS, "f4"))
    left = {entry["path"] for entry in json.loads(program.ok("inspect", dump, "--json").stdout)["left_out"]}
    assert {"/images", "/loss"} <= left
    assert "write pictures: /images" in program.ok("inspect", dump).stdout
    path = job("pictures: images\ncolumns: [kind, loss]", dump)
    done = program.ok("precompute", path, "--output", tmp_path / "T", "--progress", "json").stderr
    (published,) = [event for event in map(json.loads, (s for s in done.splitlines() if s[0] == "{")) if event["event"] == "published"]
    assert published["left_out"] == []


def test_inspect_offers_what_stands_beside_the_layers(program, tmp_path):
    names = np.array([f"prompt {n}" for n in range(ROWS)], "S")
    dump = write(
        tmp_path / "a.h5", layer=np.ones((ROWS, 4), "f4"), images=np.zeros((ROWS, 4, 4), "u1"), probs=np.ones((ROWS, 3), "f4"), prompt=names,
        split=np.array(["train", "val"], "S")[np.arange(ROWS) % 2], age=np.arange(ROWS) / 2, other__far=np.arange(ROWS), short=np.arange(5))
    lines = program.ok("inspect", dump, "--job").stdout.splitlines()
    for start in ("# scores: /probs  #", "# pictures: /images  #", "# texts: /prompt  #", "# columns: [/age, /split]  #"):
        assert any(line.startswith(start) for line in lines), f"{start!r} is not in:\n" + "\n".join(lines)
    offered = "\n".join(lines)
    for key in ("scores", "pictures", "texts", "columns"):
        offered = offered.replace(f"# {key}: ", f"{key}: ")
    (tmp_path / "job.yaml").write_text(offered)
    program.ok("precompute", tmp_path / "job.yaml", "--output", tmp_path / "T", "--progress", "none")
    _, told = row_oracle.open_table(tmp_path / "T/a/current")
    assert [c["name"] for c in told["columns"]] == ["age", "split"] and told["texts"]["path"] == "/prompt" and told["scores"]["classes"] == 3


def test_the_demo_shows_its_pictures(precompute):
    group, told = row_oracle.open_table(precompute(ROOT / "Jobs/demo.yaml", name="fashion-mnist"))
    with h5py.File(ROOT / "Jobs/demo/fashion-small.h5") as f:
        np.testing.assert_array_equal(group["pictures"][..., 0], f["images"][...])
        np.testing.assert_array_equal(group["scores"][...], f["activations/logits"][...])
        for pair, row in enumerate(f["instances/source_row"][...]):
            np.testing.assert_array_equal(group["pictures"][row, :, :, 0], f["instances/benign/images"][pair])


def test_a_static_site_tells_the_same(table, program, tmp_path, rng):
    rows = 1500
    _, _, store = table(everything(tmp_path / "a.h5", rows, rng), tmp_path / "a.h5")
    program.ok("export", store, "--static", tmp_path / "site")
    (entry,) = json.loads((tmp_path / "site/site.json").read_text())["datasets"]
    folder = tmp_path / "site" / entry["url"]
    index = json.loads((folder / entry["manifest"]).read_text())["table"]

    def files(key):
        return [(folder / name).read_bytes() for name in index[key]["files"]]

    assert index["rows"]["block"] == 1024 and len(index["rows"]["files"]) == 2
    with Server(tmp_path / "Tiles") as server:
        for number, content in enumerate(files("rows")):
            assert json.loads(content) == server.json(f"/api/v1/datasets/job/{store.resolve().name}/rows?from={number * 1024}&count=1024")
    with h5py.File(tmp_path / "a.h5") as f:
        pixels = b"".join(gzip.decompress(content) for content in files("pictures"))
        np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(f["x"].shape), f["x"][...])
        assert sum((json.loads(content) for content in files("texts")), []) == [t.decode() for t in f["t"][...]]
