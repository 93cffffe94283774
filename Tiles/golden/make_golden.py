#!/usr/bin/env python3
"""Writes the golden stores, one of each version of the format: a second writer, made from FORMAT.md alone.

Everything is brute force in numpy and exact fractions, over rows that anyone can make again. The hierarchy is made by
zarr-python; the shards are laid out by hand, as FORMAT.md §7 says, and then read back by zarr-python. Beside each
store, `expected.json` holds what a reader must find, and `tile.bin` what a server must answer (HTTP.md).
Version 1 lies in this folder, version 2 in `version-2`.

    python3 -m pip install zarr==3.1.6 numcodecs==0.16.6 google-crc32c==1.9.0 numpy
    python3 Tiles/golden/make_golden.py
"""

import base64
import hashlib
import json
import math
import os
import pathlib
import shutil
import struct
from fractions import Fraction

import google_crc32c
import numpy as np
import zarr
from golden_arrays import write_array

HERE = pathlib.Path(__file__).resolve().parent
ROWS = 220
BINS = 256


# --- The rows -------------------------------------------------------------------------------------------------------


def make_rows():
    """Labels (-1: in no class), the layers' activations [row, position, neuron], and the instances' [instance, neuron]."""
    random = np.random.RandomState(7)
    labels = random.randint(0, 2, ROWS)
    labels[17] = -1
    wide = random.normal(0, 1, (ROWS, 1, 270)).astype(np.float32)
    wide += labels[:, None, None] * np.linspace(-1, 1, 270, dtype=np.float32)
    wide[:, :, 60:] = np.maximum(wide[:, :, 60:] - np.float32(0.4), 0)  # many medians are equal: 0
    wide[:, 0, 3] = 0  # dead
    wide[:, 0, 4] = -2.5  # constant
    wide[5, 0, 6] = np.nan
    wide[9, 0, 7] = np.inf
    wide[:, 0, 8] = np.nan  # nothing finite
    wide[11, 0, 9] = 1e30  # one far value: the bulk gets a window, the rest stands in its tails
    wide[12, 0, 10] = -0.0
    wide[:, 0, 11] = np.float32(1e-40) * random.randint(-90, 90, ROWS)  # subnormals
    spread = random.normal(3, 20, (ROWS, 4, 10)).round(1)
    instances = {
        "wide": np.stack([wide[3, 0], wide[3, 0] + random.normal(0, 1, 270).astype(np.float32)]),
        "spread": np.stack([spread[3].max(0), spread[4].max(0)]).astype(np.float32),
    }
    instances["wide"][1, 20] = np.nan
    instances["wide"][1, 21] = np.inf
    instances["wide"][1, 22] = 1e5  # beyond the grid
    return labels, {"wide": wide, "spread": spread}, instances


# --- FORMAT.md §4: grids and counts ----------------------------------------------------------------------------------


def bin_of(value, exponent):
    return math.floor(Fraction(float(value)) / Fraction(2) ** exponent)


def smallest_exponent(low, high, bins, wide_type):
    """The smallest exponent for which `bins` bins hold both, but no smaller than the spacing of the numbers."""
    magnitude = max(abs(low), abs(high))
    exponent, digits = (-1074, 52) if wide_type else (-149, 23)
    if magnitude > 0:
        exponent = max(exponent, math.frexp(magnitude)[1] - 1 - digits)
    while bin_of(high, exponent) - bin_of(low, exponent) >= bins:
        exponent += 1
    return exponent


def own_grid(values, wide_type):
    """Exponent, origin and tails of a neuron with these finite values (of all groups)."""
    if len(values) == 0:
        return 0, 0, 0
    values = np.sort(values)
    low, high = float(values[0]), float(values[-1])
    exponent = smallest_exponent(low, high, BINS, wide_type)
    others = values[values != 0]
    if len(others) > 0:
        skip = len(others) // 200
        first, last = float(others[skip]), float(others[-1 - skip])
        if first < last and bin_of(last, exponent) - bin_of(first, exponent) + 1 < 16:
            if len(others) < len(values):
                first, last = min(first, 0.0), max(last, 0.0)
            window = smallest_exponent(first, last, 254, wide_type)
            if window < exponent:
                return window, bin_of(first, window) - 1, 1
    return exponent, bin_of(low, exponent), 0


def count_own(values, exponent, origin):
    counts = np.zeros(BINS, np.int64)
    for value in values:
        counts[min(max(bin_of(value, exponent) - origin, 0), BINS - 1)] += 1
    return counts


def shared_axis(grids, has_values):
    """Exponent and origin of the layer's axis, at 256 bins."""
    used = [grid for grid, some in zip(grids, has_values) if some]
    exponent = max(e for e, _, _ in used)
    while True:
        low = min((o << e - exponent) if e >= exponent else o >> (exponent - e) for e, o, _ in used)
        high = max((o + BINS - 1) >> (exponent - e) for e, o, _ in used)
        if high - low < BINS:
            return exponent, low
        exponent += 1


def count_shared(own, exponent, origin, shared):
    counts = np.zeros(BINS, np.int64)
    for index in np.flatnonzero(own):
        counts[((origin + int(index)) >> (shared[0] - exponent)) - shared[1]] += own[index]
    return counts


def fewer(counts, bins):
    return counts.reshape(*counts.shape[:-1], bins, BINS // bins).sum(-1)


def codes_of(values, grids):
    """`[sample, neuron]` codes of a layer's values, and whether each stands apart."""
    codes, apart = np.zeros(values.shape, np.uint8), np.zeros(values.shape, bool)
    for sample, neuron in np.ndindex(*values.shape):
        value, (exponent, origin, _) = values[sample, neuron], grids[neuron]
        kind = 1 if math.isnan(value) else (2 if value > 0 else 3) if math.isinf(value) else 0 if value == 0 else None
        apart[sample, neuron] = kind is not None
        codes[sample, neuron] = (
            (kind - origin) % 256 if kind is not None else min(max(bin_of(value, exponent) - origin, 0), BINS - 1)
        )
    return codes, apart


def packed(bits):
    """Eight to a byte along the last axis, the first in the lowest bit."""
    return np.packbits(bits, axis=-1, bitorder="little")


def extremes(values, sign, kind):
    """`[neuron, rank]` values and rows of the 16 best rows of `[row, sample, neuron]`, a row by its best sample."""
    best = np.full((values.shape[2], 16), np.nan, kind)
    rows = np.full((values.shape[2], 16), 2**32 - 1, np.uint32)
    for neuron in range(values.shape[2]):
        own = []
        for row in range(values.shape[0]):
            finite = [float(v) for v in values[row, :, neuron] if math.isfinite(v)]
            if finite:
                own.append((-max(sign * v for v in finite), row))
        for rank, (value, row) in enumerate(sorted(own)[:16]):
            best[neuron, rank], rows[neuron, rank] = -sign * value + 0.0, row
    return best, rows


# --- FORMAT.md §5 and §6 -----------------------------------------------------------------------------------------------


def statistics(values, kind):
    """Of all values of a neuron in a group, finite or not."""
    finite = values[np.isfinite(values)]
    some = len(finite) > 0
    double = finite.astype(np.float64)
    nan = float("nan")
    return {
        "count": np.uint32(len(finite)),
        "zeros": np.uint32((finite == 0).sum()),
        "nan": np.uint32(np.isnan(values).sum()),
        "infinite": np.uint32(np.isinf(values).sum()),
        "minimum": kind(finite.min() if some else nan),
        "maximum": kind(finite.max() if some else nan),
        "mean": np.float64(double.mean() if some else nan),
        "deviation": np.float64(double.std() if some else nan),
        "median": kind(np.median(double) if some else nan),
        "lower_quartile": kind(np.percentile(double, 25) if some else nan),
        "upper_quartile": kind(np.percentile(double, 75) if some else nan),
    }


def ordering(keys):
    """Ascending; ties by index, NaN last, −0 equal to 0."""
    return np.lexsort((np.arange(len(keys)), np.where(np.isnan(keys), 0, keys), np.isnan(keys))).astype(np.uint32)


def descending(keys):
    return ordering(-keys)


# --- The store ------------------------------------------------------------------------------------------------------------


def build(root, version):
    labels, layers, instance_values = make_rows()
    groups = [
        {"name": "all", "kind": "all", "rows": ROWS},
        {"name": "cat (tabby), or not", "kind": "class", "label": 0, "rows": int((labels == 0).sum())},
        {"name": "chien λ/2", "kind": "class", "label": 1, "rows": int((labels == 1).sum())},
    ]
    members = [np.full(ROWS, True), labels == 0, labels == 1]
    instances = [
        {"name": "benign 0", "kind": "benign", "pair": 0, "label": 0, "prediction": 0, "image": 0},
        {"name": "attacked 0", "kind": "attacked", "pair": 0, "label": 0, "prediction": 1, "image": 0},
    ]
    entries, arrays = [], {}

    for name, activations in layers.items():
        samples, neurons = activations.shape[1:]
        double = activations.dtype == np.float64
        kind = np.float64 if double else np.float32
        per_group = [activations[member].reshape(-1, neurons) for member in members]
        finite = [[column[np.isfinite(column)] for column in group.T] for group in per_group]
        grids = [own_grid(finite[0][n], double) for n in range(neurons)]
        shared = shared_axis(grids, [len(finite[0][n]) > 0 for n in range(neurons)])
        own = np.array([[count_own(finite[g][n], *grids[n][:2]) for n in range(neurons)] for g in range(len(groups))])
        common = np.array(
            [[count_shared(own[g, n], *grids[n][:2], shared) for n in range(neurons)] for g in range(len(groups))]
        )
        count_type = np.uint8 if ROWS * samples <= 255 else np.uint16
        axis = {"exponent": shared[0], "origin": shared[1]}
        for bins in (256, 64, 16):
            arrays[f"layers/{name}/own/{bins}"] = ("counts", fewer(own, bins).astype(count_type), {})
            arrays[f"layers/{name}/shared/{bins}"] = ("counts", fewer(common, bins).astype(count_type), axis)
        for field, values, kind_ in zip(("exponent", "origin", "tails"), zip(*grids), (np.int16, np.int64, np.uint8)):
            arrays[f"layers/{name}/grid/{field}"] = ("grid", np.array(values, kind_), {})
        figures = [[statistics(group[:, n], kind) for n in range(neurons)] for group in per_group]
        for field in figures[0][0]:
            values = np.array([[figure[field] for figure in group] for group in figures])
            arrays[f"layers/{name}/statistics/{field}"] = ("vectors", values, {})
        medians = arrays[f"layers/{name}/statistics/median"][1]
        values = instance_values[name]
        arrays[f"layers/{name}/orderings/median"] = ("vectors", np.stack([ordering(m) for m in medians]), {})
        arrays[f"layers/{name}/orderings/value"] = ("vectors", np.stack([ordering(v) for v in values]), {})
        arrays[f"layers/{name}/values"] = ("vectors", values, {})
        if version > 1:
            codes, apart = codes_of(per_group[0], grids)
            arrays[f"layers/{name}/codes/columns"] = ("codes", np.ascontiguousarray(codes.T), {})
            arrays[f"layers/{name}/codes/columns_apart"] = ("bits", packed(apart.T), {})
            arrays[f"layers/{name}/codes/rows"] = ("codes", codes, {})
            arrays[f"layers/{name}/codes/rows_apart"] = ("bits", packed(apart), {})
            for end, sign in (("highest", 1), ("lowest", -1)):
                best, rows = extremes(activations, sign, kind)
                arrays[f"layers/{name}/extremes/{end}"] = ("extremes", best, {})
                arrays[f"layers/{name}/extremes/{end}_row"] = ("extremes", rows, {})
        entries.append(
            {
                "id": name, "name": f"block 1/{name}", "neurons": neurons, "samples": samples,
                "dataset": f"activations/{name}", "dtype": str(activations.dtype), "shape": list(activations.shape),
                "axes": "NTD", "reduce": "samples" if samples > 1 else "flatten", "bins": BINS, "shared": axis,
            }
            | ({"codes": "both"} if version > 1 else {})
        )  # fmt: skip

    pixels = np.random.RandomState(8)
    arrays["images/benign"] = ("images", pixels.randint(0, 256, (1, 5, 4, 1)).astype(np.uint8), {})
    arrays["images/attacked"] = ("images", pixels.randint(0, 256, (1, 5, 4, 3)).astype(np.uint8), {})

    root.update_attributes(
        {
            "format": "neural-divergence",
            "format_version": version,
            "dataset": {"name": "golden", "title": "The golden store", "rows": ROWS},
            "layers": entries,
            "groups": groups,
            "instances": instances,
            "start": {"layers": ["wide"], "groups": [1, 2], "instances": [0, 1], "text": "Two classes and a pair."},
            "provenance": {"tool": "make_golden.py", "dumps": [{"name": "golden.h5", "bytes": 1}], "counted": {}},
            "job": {"name": "golden"},
        }
    )
    for entry in entries:
        layer = root.require_group(f"layers/{entry['id']}")
        layer.update_attributes(entry)
        layer.require_group("own")
        layer.require_group("shared").update_attributes(entry["shared"])
        for group in ("grid", "statistics", "orderings") + (("codes", "extremes") if version > 1 else ()):
            layer.require_group(group)
    root.require_group("images")
    for path, (kind, values, attributes) in arrays.items():
        write_array(root, version, path, kind, values, attributes)
    return {path: values for path, (_, values, _) in arrays.items()}


def publish(building, name):
    """MANIFEST, the version's name, and `current`."""
    files = sorted(str(f.relative_to(building)).encode() for f in building.rglob("*") if f.is_file())
    lines = b"".join(
        hashlib.sha256((building / f.decode()).read_bytes()).hexdigest().encode() + b"  " + f + b"\n" for f in files
    )
    (building / "MANIFEST").write_bytes(lines)
    version = hashlib.sha256(lines).hexdigest()[:16]
    building.rename(building.parent / version)
    os.symlink(version, building.parent / "current")
    return version


# --- HTTP.md: what a server answers -----------------------------------------------------------------------------------------


def header(magic, rows, bins, level, scale, first, body):
    sum_ = google_crc32c.value(body)
    return struct.pack("<4sHHIHHfIII", magic, 1, 32, rows, bins, level, scale, first, 0, sum_)


def make_tile(arrays, layer, group, axis, bins, order, level, index):
    counts = arrays[f"layers/{layer}/{axis}/{bins}"][group].astype(np.int64)
    zeros = arrays[f"layers/{layer}/statistics/zeros"][group].astype(np.int64)
    first = 256 * index
    blocks = [order[row << level : (row + 1) << level] for row in range(first, min(first + 256, -(-len(order) >> level)))]
    sums = np.array([counts[block].sum(0) for block in blocks])
    dots = np.array([zeros[block].sum() for block in blocks])
    totals = sums.sum(1)
    shares = np.divide(sums, totals[:, None], out=np.zeros(sums.shape), where=totals[:, None] > 0)
    dot_shares = np.divide(dots, totals, out=np.zeros(len(dots)), where=totals > 0)
    top = max(shares.max(), dot_shares.max())
    scale = float(np.float32(top if top > 0 else 1))

    def quantise(count, total):
        total = np.where(total > 0, total, 1)
        code = np.floor(255 * np.sqrt(count / (total * scale)) + 0.5)
        return np.where(count > 0, np.clip(code, 1, 255), 0).astype(np.uint8)

    body = quantise(sums, totals[:, None]).tobytes() + quantise(dots, totals).tobytes()
    return header(b"NDT1", len(blocks), bins, level, scale, first, body) + body


def make(folder, format_version):
    place = folder / "store" / "golden"
    shutil.rmtree(folder / "store", ignore_errors=True)
    building = place / ".building"
    building.mkdir(parents=True)
    root = zarr.create_group(zarr.storage.LocalStore(building), zarr_format=3)
    arrays = build(root, format_version)
    version = publish(building, "golden")

    samples = []
    median = arrays["layers/wide/statistics/median"].astype(np.float64)
    values = arrays["layers/wide/values"].astype(np.float64)
    orders = {
        ("index", "ascending"): np.arange(270),
        ("median(cat (tabby), or not)", "ascending"): ordering(median[1]),
        ("value(attacked 0)", "descending"): descending(values[1]),
        ("difference(median(cat (tabby), or not),median(chien λ/2))", "ascending"): ordering(median[1] - median[2]),
        ("difference(value(attacked 0),value(benign 0))", "descending"): descending(values[1] - values[0]),
    }
    for (order, direction), permutation in orders.items():
        for group, axis, bins, level, index in ((1, "shared", 16, 0, 1), (2, "own", 16, 1, 0), (0, "shared", 64, 1, 0)):
            tile = make_tile(arrays, "wide", group, axis, bins, permutation, level, index)
            samples.append(
                {
                    "layer": "wide", "group": group, "axis": axis, "bins": bins, "order": order,
                    "direction": direction, "level": level, "index": index,
                    "first_neurons": [int(n) for n in permutation[:8]], "sha256": hashlib.sha256(tile).hexdigest(),
                }
            )  # fmt: skip
            if (group, level) == (1, 0) and "difference(median" in order:
                (folder / "tile.bin").write_bytes(tile)

    def plain(value):
        value = value.item()
        return value if not isinstance(value, float) or math.isfinite(value) else str(value)

    probes = {}
    for neuron in (0, 3, 4, 6, 7, 8, 9, 11, 150):
        probes[str(neuron)] = {
            path.removeprefix("layers/wide/"): [plain(v) for v in np.atleast_1d(array[..., neuron])]
            for path, array in arrays.items()
            if path.startswith("layers/wide/")
            and not any(other in path for other in ("/own/", "/shared/", "/codes/", "/extremes/", "order"))
        }
    expected = {
        "version": version,
        "arrays": {
            path: {
                "shape": list(values.shape),
                "dtype": str(values.dtype),
                "sha256": hashlib.sha256(values.astype(values.dtype.newbyteorder("<")).tobytes()).hexdigest(),
            }
            for path, values in sorted(arrays.items())
        },
        "wide_neurons": probes,
        "tails_counts": [int(v) for v in arrays["layers/wide/own/256"][0, 9]],
        "images": {k: base64.b64encode(arrays[f"images/{k}"].tobytes()).decode() for k in ("benign", "attacked")},
        "tiles": samples,
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
    print(version)


if __name__ == "__main__":
    make(HERE, 1)
    make(HERE / "version-2", 2)
