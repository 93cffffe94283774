"""Files that once gave wrong figures without a word: numbers in disguise, labels that stand for others, axes of one length, rows never filled.

What is likely is taken and said, with the line that takes it otherwise; what is not plain is refused, and the line is tried.
"""

import re

import h5py
import numpy as np
import pytest
from real_world import NAMES, acts, agrees, expected, job_of, mixed, told, write


def advised(program, folder, files, lines, right, layer=0):
    agrees(told(program, [job_of(folder / "advised.yaml", files, lines)], folder / "Advised")[0], right, layer)


# Numbers of another type than they are stored as


def halves(x):
    """bfloat16 as PyTorch has it, as whole numbers of its bytes; and the values."""
    bits = (x.view("u4") >> 16).astype("u2")
    return bits, (bits.astype("u4") << 16).view("f4")


@pytest.mark.parametrize("name", ["torch_dtype", "dtype", "original_dtype", "data_type"])
def test_bfloat16_under_another_name(program, tmp_path, rng, name):
    y, x = mixed(rng)
    bits, values = halves(x)
    path = write(tmp_path / "d.h5", {"fc": bits, "labels": y}, [("fc", name, "torch.bfloat16")])
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(values, y))
    assert "Assumed: /fc: its uint16 are taken for bfloat16" in said
    advised(program, tmp_path, [path], "layers: [{ dataset: /fc, raw: true }]", expected(bits.astype(float), y))


@pytest.mark.parametrize("place", ["/", "acts"])
@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_a_type_that_the_file_says_of_all(program, refused, tmp_path, rng, place, kind):
    y, x = mixed(rng)
    bits, values = halves(x) if kind == "bfloat16" else (x.astype("f2").view("u2"), x.astype("f2").astype("f4"))
    path = write(tmp_path / "d.h5", {"acts/fc": bits, "acts/labels": y}, [(place, "dtype", f"torch.{kind}")])
    said = refused(path, words=[f"attribute dtype says torch.{kind}", "layers: [{ dataset: /acts/fc, raw: true }]"])
    if kind == "float16":
        with h5py.File(path, "r+") as f:
            exec(re.search(r'with h5py: (f\["real"\].*?), and in the job', said)[1], {"f": f})
    line = re.search(r"in (?:a|the) job (layers: \[(?:\{ .*? \}|real)\])", said)[1]
    advised(program, tmp_path, [path], f"{line}\nlabels: acts/labels", expected(values, y))


def test_a_type_of_the_network_is_none_of_whole_numbers(program, tmp_path, rng):
    """float32 at the root is said of a network's parameters, too; a layer of floats has nothing to do with it."""
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y}, [("/", "dtype", "bfloat16"), ("/", "scale", 0.5)])
    agrees(told(program, [path], tmp_path / "Tiles")[0], expected(x, y))


def test_numbers_of_8_bits_in_disguise(refused, tmp_path, rng):
    y = rng.permutation(np.arange(60) % 3)
    path = write(tmp_path / "d.h5", {"fc": rng.integers(0, 120, (60, 6), dtype="u1"), "labels": y}, [("fc", "dtype", "torch.float8_e4m3fn")])
    refused(path, words=["its attribute dtype says torch.float8_e4m3fn", ".view(torch.float8_e4m3fn).float().numpy()"])


# Scales that stand elsewhere


def integers(x):
    return np.clip(np.round(x * 4), -128, 127).astype("i1")


@pytest.mark.parametrize("place, scale, zero", [("q", "scale", "zero_point"), ("/", "fc_scale", "zero_point"), ("q", "fc_scale", "fc_zp"), ("/", "quant_scale", "quant_zero_point")])
def test_scales_that_a_group_has(program, refused, tmp_path, rng, place, scale, zero):
    y, x = mixed(rng)
    stored = integers(x)
    path = write(tmp_path / "d.h5", {"q/fc": stored, "labels": y}, [(place, scale, 0.25), (place, zero, 3)])
    said = refused(path, words=["say that they stand for other numbers", "{ dataset: /q/fc, scale: 0.25, zero_point: 3 }"])
    advised(program, tmp_path, [path], re.search(r"layers: \[\{ .*? \}\]", said)[0], expected((stored.astype(float) - 3) * 0.25, y))


def test_scales_in_groups_of_their_own(program, tmp_path, rng):
    y, x = mixed(rng)
    stored = integers(x)
    path = write(tmp_path / "d.h5", {"acts/fc": stored, "scales/fc": np.float32(0.25), "zero_points/fc": np.int32(3), "labels": y})
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(stored.astype(float), y))
    assert "Left out: /scales/fc: by its name it says for what numbers" in said and "Left out: /zero_points/fc: by its name" in said
    with h5py.File(path, "r+") as f:
        exec(re.search(r'as in (f\["real"\] = .*?), and in a job layers: \[real\]', said)[1], {"f": f})
    advised(program, tmp_path, [path], "layers: [real]", expected((stored.astype(float) - 3) * 0.25, y))


# Labels that stand for others


@pytest.mark.parametrize("scale, offset", [(10.0, 1.0), (1.0, 5.0), (np.float32(0.1), 2.0)])
def test_labels_that_netcdf_has_packed(program, refused, tmp_path, rng, scale, offset):
    y, x = mixed(rng)
    stored = (y * 10).astype("i1") if scale < 1 else y.astype("i1")
    attributes = [("labels", "scale_factor", scale), ("labels", "add_offset", offset), ("labels", "_FillValue", np.int8(-1))]
    path = write(tmp_path / "d.h5", {"fc": x, "labels": stored}, attributes)
    agrees(told(program, [path], tmp_path / "Tiles")[0], expected(x, np.round(stored * float(scale) + offset).astype(int)))
    write(path, {"fc": x, "labels": y}, [("labels", "scale_factor", 0.3)])
    refused(path, words=["/labels: row ", "by its attributes (scale_factor), where a whole number is due"])


@pytest.mark.parametrize("name", ["_FillValue", "missing_value"])
def test_labels_that_stand_for_no_value(program, refused, tmp_path, rng, name):
    y, x = mixed(rng)
    y[:6] = 9
    path = write(tmp_path / "d.h5", {"fc": x, "labels": y}, [("labels", name, 9)])
    said = refused(path, words=["/labels: row 0 holds 9, which by an attribute", "stands for no value"])
    with h5py.File(path, "r+") as f:
        exec(re.search(r"with h5py: (.*?), and in a job labels: labels_all", said)[1], {"f": f})
    advised(program, tmp_path, [path], "labels: labels_all", expected(x, y))
    y[:6] = 0
    agrees(told(program, [write(path, {"fc": x, "labels": y}, [("labels", name, 9)])], tmp_path / "Tiles")[0], expected(x, y))


def test_a_label_that_people_write_for_none(program, tmp_path, rng):
    y, x = mixed(rng)
    y[3:9] = 255
    store, said = told(program, [write(tmp_path / "d.h5", {"fc": x, "labels": y.astype("u1")})], tmp_path / "Tiles")
    agrees(store, expected(x, y))
    assert "Assumed: /labels: 6 rows have the label 255, far from the others (up to 2)" in said
    y = rng.integers(0, 256, 600)
    y[:2] = 255
    assert "Assumed" not in told(program, [write(tmp_path / "many.h5", {"fc": rng.normal(size=(600, 2)), "labels": y})], tmp_path / "Many")[1]


# Axes of one length


def test_as_many_steps_as_rows(program, tmp_path, rng):
    y = rng.permutation(np.arange(60) % 3)
    x = (rng.normal(size=(60, 60, 6)) + 10 * y[None, :, None]).astype("f4")
    path = write(tmp_path / "d.h5", {"lstm": x, "labels": y})
    said = told(program, [path], tmp_path / "Tiles")[1]
    assert "Assumed: /lstm: its first two axes are equally long; the first is taken as that of the rows (axes: NTD)" in said
    advised(program, tmp_path, [path], "layers: [{ dataset: lstm, axes: TND }]", expected(x[0], y))


def test_a_square_beside_what_has_its_rows_last(program, tmp_path, rng):
    y = rng.permutation(np.arange(60) % 3)
    x = acts(rng, y, 60)
    path = write(tmp_path / "d.h5", {"fc1": x[:, :6].T, "fc2": x.T, "labels": y})
    store, said = told(program, [path], tmp_path / "Tiles")
    for layer in (0, 1):
        agrees(store, expected(x, y), layer)
    assert "Assumed: /fc2: both its axes are 60 long; the last is taken as that of the rows (axes: UN), as it is in /fc1" in said
    advised(program, tmp_path, [path], "layers: [fc1, { dataset: fc2, axes: NU }]", expected(x.T, y), layer=1)
    store, said = told(program, [write(tmp_path / "rows.h5", {"fc1": x[:, :6], "fc2": x, "labels": y})], tmp_path / "Rows")
    agrees(store, expected(x, y), layer=1)


# Rows that were never filled


@pytest.mark.parametrize("value", [0, np.nan])
def test_rows_between_others_that_were_never_filled(program, tmp_path, rng, value):
    y, x = mixed(rng)
    x[20:30] = value
    path = write(tmp_path / "d.h5", {"fc": x, "emb": x * 2, "labels": y})
    store, said = told(program, [path], tmp_path / "Tiles")
    agrees(store, expected(x, y), layer=1)
    assert "Assumed: The rows 20 to 29 are zero, NaN or the fill value in every layer, though rows after them are not" in said
    assert "The rows 20 to 29" in program.ok("inspect", path).stdout
    assert "Assumed" not in told(program, [write(path, {"fc": x, "emb": acts(rng, y), "labels": y})], tmp_path / "Emb")[1]


def test_a_file_that_was_never_filled_to_its_end(program, sharded, tmp_path, rng):
    y, x = mixed(rng)
    x[20:30] = 0
    files = [write(tmp_path / f"part-{b}.h5", {"fc": x[b * 30 : b * 30 + 30], "labels": y[b * 30 : b * 30 + 30]}) for b in range(2)]
    assert "Assumed: The rows 20 to 29 are zero" in told(program, files, tmp_path / "Tiles")[1]
    agrees(sharded(job_of(tmp_path / "job.yaml", files, "labels: labels"), 2), expected(x, y))


def test_batches_that_say_how_many_rows_count(program, tmp_path, rng):
    y, x = mixed(rng, 96)
    valid = [32, 32, 10]
    datasets, kept = {}, []
    for b, count in enumerate(valid):
        rows = slice(b * 32, b * 32 + 32)
        filled = np.arange(32)[:, None] < count
        datasets |= {f"batch_{b}/fc": np.where(filled, x[rows], 0), f"batch_{b}/labels": np.where(filled[:, 0], y[rows], 0), f"batch_{b}/n_valid": count}
        kept += range(b * 32, b * 32 + count)
    path = write(tmp_path / "d.h5", datasets)
    said = told(program, [job_of(tmp_path / "job.yaml", [path], "join: batch_*")], tmp_path / "Tiles")[1]
    assert "Left out: /n_valid: it says 10" in said and "write count: /n_valid" in said
    advised(program, tmp_path, [path], "join: batch_*\ncount: /n_valid", expected(x[kept], y[kept]))


# What is taken for one dump, or for layers


def test_states_of_a_network_as_files(program, tmp_path, rng):
    files = []
    for step in (100, 200):
        y, x = mixed(rng)
        files.append(write(tmp_path / f"step_{step}.h5", {"fc": x + step, "labels": y}))
    assert "Assumed: step_100.h5, step_200.h5 are called like states of one network" in told(program, files, tmp_path / "Tiles")[1]


def test_datasets_that_may_be_classes(program, tmp_path, rng):
    y, x = mixed(rng)
    path = write(tmp_path / "d.h5", {name: x[y == c] for c, name in enumerate(NAMES)})
    said = told(program, [path], tmp_path / "Tiles")[1]
    code = re.search(r"Assumed: /cat, /dog, … are taken for layers of the same 20 rows.* with h5py: (.*?), and in a job layers: \[rows\], labels: labels", said)[1]
    with h5py.File(path, "r+") as f:
        exec(code, {"f": f, "np": np})
    advised(program, tmp_path, [path], "layers: [rows]\nlabels: labels", expected(x, y, NAMES))
