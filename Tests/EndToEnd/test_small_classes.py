"""Small classes without planes of counts: everything is as if they had planes, whoever asks, and the store is smaller."""

import json
import pathlib
import re
import urllib.parse

import h5py
import numpy as np
import pytest
import zarr
from serving import Server
from store_oracle import planes_of
from test_codes import AWKWARD, arrays_of, edited

ROWS, CLASSES = 1500, 70
FORMAT = pathlib.Path(__file__).parents[2] / "Tiles" / "FORMAT.md"


@pytest.fixture
def many(dump, job, precompute, rng):
    """A dump of 70 classes, one of them large, and a function that makes a store of it."""
    with np.errstate(all="ignore"):
        values = np.stack([kind(rng.normal(size=ROWS)) for kind in AWKWARD.values()], axis=1).astype(np.float32)
    labels = np.where(rng.random(ROWS) < 0.3, 11, rng.permutation(np.arange(ROWS) % CLASSES))
    path = dump({"fc": values, "maps": rng.normal(size=(ROWS, 3, 1, 2)).astype(np.float32)}, labels)
    layers = "layers: [fc, { dataset: maps, axes: NCHW, reduce: samples }]"
    groups = "groups: [{ name: few, where: 'row < 9' }]"

    def store(codes="columns", more="", name="many", **options):
        text = job(f"codes: {codes}\n{layers}\n{groups}\n{more}", path)
        text.write_text(text.read_text().replace("name: job", f"name: {name}"))
        return precompute(text, name=name, **options)

    store.values, store.labels, store.path = values, labels, path
    return store


def open_zarr(store):
    return zarr.open_group(str(store), mode="r")


def test_classes_of_fewer_than_256_samples_have_no_planes(many):
    root = open_zarr(many())
    groups = root.attrs["groups"]
    # Two samples a row in one of the layers.
    expected = [g["kind"] != "class" or g["rows"] * 2 >= 256 for g in groups]
    assert [p is not None for p in planes_of(groups)] == expected and expected.count(True) == 3
    layer = root["layers/fc"]
    assert set(layer.group_keys()) == {"planes", "statistics", "grid", "orderings", "extremes", "codes"}
    assert layer["planes/own/256"].shape == (3, layer.attrs["neurons"], 256) and layer["orderings/median"].shape[0] == 3
    assert layer["statistics/median"].shape[0] == len(groups) == CLASSES + 2


@pytest.mark.parametrize("codes", ["columns", "both"])
def test_all_figures_are_those_of_the_dump(taken, dump, job, values, rng, codes):
    path = dump({"a": values(600, 20), "b": values(600, 3)}, rng.permutation(np.arange(600) % 70))
    taken(path, job=job(f"codes: {codes}\ngroups: [{{ name: few, where: 'row < 9' }}]", path), layers=2)


def test_what_the_format_tells_python_readers(many):
    """The lines of FORMAT.md, word for word."""
    text = FORMAT.read_text()
    codes_lines, group_lines = (re.search(rf"```python\n({start}.*?)```", text, re.S)[1] for start in ("codes, apart", "group, of_class"))
    codes_lines = codes_lines.splitlines()[:2]
    store = open_zarr(many())
    plain = open_zarr(many("none", name="plain"))
    for id, samples_per_row in (("fc", 1), ("maps", 2)):
        layer = store[f"layers/{id}"]
        own = plain[f"layers/{id}/own/256"]
        for g in (0, 1, 5, 12, 40, CLASSES, CLASSES + 1):
            for n in range(0, layer.attrs["neurons"], 2):
                names = {"np": np, "store": store, "layer": layer, "g": g, "n": n, "samples": ROWS * samples_per_row, "samples_per_row": samples_per_row}
                exec("\n".join(codes_lines) + "\n" + group_lines, names)
                assert np.array_equal(names["counts"], own[g, n]), (id, g, n)


def test_every_answer_is_the_one_with_planes(many, rng, tmp_path):
    """Tiles, rows, neurons, summaries: the bytes of a store that has no codes, and so all planes."""
    stores = {name: many(codes, name=name, output=tmp_path / "Tiles") for name, codes in (("small", "columns"), ("plain", "none"))}
    groups = open_zarr(stores["small"]).attrs["groups"]
    small = [i for i, g in enumerate(groups) if g["plane"] is None]
    quote = urllib.parse.quote
    with Server(tmp_path / "Tiles") as server:
        versions = {name: store.resolve().name for name, store in stores.items()}

        def both(path):
            answers = [server.get(f"/api/v1/datasets/{name}/{version}/{path}") for name, version in versions.items()]
            assert answers[0][0] == answers[1][0] == 200 and answers[0][2] == answers[1][2], path

        for _ in range(30):
            layer = rng.choice(["fc", "maps"])
            g = int(rng.choice(small))
            median = quote(f"median({groups[int(rng.choice(small))]['name']})")
            order = rng.choice(["index", median, quote(f"mean({groups[g]['name']})"), quote(f"zeros({groups[g]['name']})")])
            direction = rng.choice(["ascending", "descending"])
            axis, bins = rng.choice(["own", "shared"]), rng.choice([256, 64, 16])
            seen = f"order={order}&direction={direction}"
            zoomed = f"&zoom=2&from={128 * rng.integers(0, 7)}" if axis == "shared" and rng.random() < 0.4 else ""
            both(f"layers/{layer}/tiles/{g}/0/0?{seen}&axis={axis}&bins={bins}{zoomed}")
            both(f"layers/{layer}/rows/0/0?{seen}")
            both(f"layers/{layer}/find?{seen}&neuron={rng.integers(0, 3)}")
            both(f"layers/{layer}/neurons/{rng.integers(0, 3)}?groups={g},0,{int(rng.choice(small))}")
            both(f"layers/{layer}/summary?groups={g},1,0")


@pytest.mark.parametrize("command", [
    ("export", "--layer", "fc", "--groups", "all", "--groups", "13", "--groups", "few", "--groups", "69", "--counts", "--order", "median(13)"),
    ("export", "--layer", "maps", "--groups", "13", "--groups", "0", "--counts", "--order", "difference(median(13),median(11))"),
    ("compare", "--layer", "fc", "13", "69"),
    ("compare", "--layer", "fc", "13", "11", "--order", "wasserstein"),
])
def test_tables_are_those_with_planes(program, many, command):
    def table(store):
        return [line for line in program.ok(command[0], store, *command[1:]).stdout.splitlines() if not line.startswith("#")]

    assert table(many()) == table(many("none", name="plain"))


def test_a_site_has_the_counts_of_all_groups(program, many, tmp_path):
    """Files are named by what they hold, and hold the same."""
    def indexes(name, codes):
        many(codes, name=name, output=tmp_path / name)
        program.ok("export", tmp_path / name / name, "--static", tmp_path / f"{name}-site")
        found = {}
        for path in (tmp_path / f"{name}-site").rglob("*.json"):
            content = json.loads(path.read_text())
            if isinstance(content, dict) and "counts" in content:
                found[len(content["grid"]), content["grid"]] = content
        return found

    small, plain = indexes("small", "columns"), indexes("plain", "none")
    assert len(small) == 2 and small == plain


@pytest.mark.parametrize("options", [("--threads", "1"), ("--threads", "3", "--checkpoint", "0"), ("--memory", "256MiB")])
def test_same_bytes_whatever_the_way(many, tmp_path, options):
    expected = many("both")
    found = many("both", output=tmp_path / "other", options=("--progress", "none", *options))
    assert arrays_of(found) == arrays_of(expected)


@pytest.mark.parametrize("shards", [2, 3])
@pytest.mark.parametrize("chunks", [None, (100, 256)])
def test_same_bytes_from_shards(precompute, sharded, dump, job, rng, shards, chunks):
    with np.errstate(all="ignore"):
        values = np.concatenate([np.stack([kind(rng.normal(size=5000)) for kind in AWKWARD.values()], axis=1)] * (35 if chunks else 5), axis=1).astype(np.float32)
    path = dump({"layer": (values, {"chunks": chunks} if chunks else {})}, rng.integers(0, 90, 5000))
    job = job("codes: columns", path)
    expected = precompute(job, name="job")
    assert arrays_of(sharded(job, shards, "--checkpoint", "0")) == arrays_of(expected)


def test_rows_never_written_and_masks(program, precompute, job, tmp_path, rng):
    """What is missing counts nowhere, and verify knows."""
    values = rng.normal(size=(1400, 9)).astype(np.float32)
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w") as f:
        layer = f.create_dataset("layer", (1400, 9), np.float32, chunks=(40, 9))
        layer[:80], layer[160:] = values[:80], values[160:]
        f["labels"] = labels = np.arange(1400) % 70
    store = precompute(job("missing: skip\ncodes: columns", path), name="job")
    program.ok("verify", store)
    there = np.r_[0:80, 160:1400]
    root = open_zarr(store)
    assert root.attrs["groups"][8]["plane"] is None
    for name, figure in (("count", np.size), ("median", lambda v: np.float32(np.median(v))), ("minimum", np.min)):
        expected = [[figure(values[there][labels[there] == k, n]) for n in range(9)] for k in range(70)]
        assert np.array_equal(root[f"layers/layer/statistics/{name}"][1:], np.array(expected)), name


def test_binned_medians_are_those_with_planes(many):
    small, plain = (open_zarr(many(codes, "medians: binned", name)) for codes, name in (("columns", "small"), ("none", "plain")))
    for name in ("lower_quartile", "median", "upper_quartile"):
        assert np.array_equal(small[f"layers/fc/statistics/{name}"][:], plain[f"layers/fc/statistics/{name}"][:], equal_nan=True), name


def test_the_plan_counts_planes(program, dump, job, values):
    path = dump({"layer": values(1024, 1024)}, np.arange(1024) % 100)
    sizes = {}
    for codes in ("none", "columns"):
        plan = program.ok("precompute", job(f"codes: {codes}", path), "--plan-only").stdout
        sizes[codes] = re.search(r"a store of at most ([0-9.,]+ \w+)", plan)[1]
    # 101 groups of 2 x 336 bins of two bytes, and 52 bytes of figures each; with codes only one group has bins.
    assert sizes == {"none": "138 MiB", "columns": "7.8 MiB"}, sizes


@pytest.mark.parametrize("path, change, words", [
    ("planes/own/256", lambda v: v.__setitem__((1, 2, 0), v[1, 2, 0] + 1), "is not the sum of its 256 bins"),
    ("statistics/zeros", lambda v: v.__setitem__((13, 0), v[13, 0] + 1), "other values by its codes"),
    ("orderings/median", lambda v: v.__setitem__((1, slice(0, 2)), v[1, 1::-1]), "out of order"),
])
def test_verify_compares_small_classes_with_their_codes(program, precompute, dump, job, rng, tmp_path, path, change, words):
    values = np.maximum(rng.normal(size=(1500, 9)), 0).astype(np.float32)
    store = precompute(job("codes: columns\ngroups: [{ name: few, where: 'row < 9' }]", dump({"layer": values}, np.arange(1500) % 70)), name="job")
    program.ok("verify", store)
    said = program.fails(65, "verify", edited(store, tmp_path / "other", f"layers/layer/{path}", change))
    assert words in said, said


@pytest.mark.parametrize("name", ["planes/own/256", "planes/shared/16", "orderings/median"])
def test_verify_finds_a_flipped_byte(program, many, rng, name):
    store = many()
    file = next(p for p in (store.resolve() / "layers" / "fc" / name / "c").rglob("*") if p.is_file())
    content = bytearray(file.read_bytes())
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    file.write_bytes(content)
    assert name in program.run("verify", store).stderr
