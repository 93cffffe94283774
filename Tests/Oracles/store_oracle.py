"""Compares a published store with the dump it was made from, figure by figure.

The dump is read with h5py, the store with zarr-python, and everything in between is computed anew with NumPy in the
plainest way. Nothing of the project is used. `python store_oracle.py STORE DUMP...` checks a store by hand.
"""

import sys

import h5py
import hdf5plugin  # noqa: F401  registers filters
import numpy as np
import zarr
from meaning import dense, has, take


def entry_of(attributes, layer):
    """What the job, as it was understood, says of a layer."""
    return next(entry for entry in attributes["job"]["layers"] if entry["name"] == layer["name"])


def decoded(values):
    values = np.atleast_1d(values)
    return np.array([v.decode() if isinstance(v, bytes) else v for v in values]) if values.dtype.kind in "SO" else values


def read_column(attributes, files, path):
    """One label a row. What a file has once is meant for each of its rows, what it has once a category for each row of it."""
    layer = attributes["layers"][0]
    columns = []
    for f in files:
        shape = dense(f, entry_of(attributes, layer)).shape
        extents = dict(zip(layer["axes"], shape))
        categories, rows = extents.get("K", 1), extents.get("N", 1)
        if path is None and "K" not in extents:
            return None
        column = np.arange(categories) if path is None else decoded(take(f, path)).ravel()
        count = int(f[attributes["job"]["count"]][()]) if "count" in attributes["job"] else categories * rows
        columns.append((np.repeat(column, rows) if len(column) == categories and rows > 1 and "K" in extents else column)[:count])
    return np.concatenate(columns)


def groups_of(attributes, files):
    """[(name, mask of rows)] as the store's attributes and the dump's labels say."""
    job = attributes["job"]
    rows = attributes["dataset"]["rows"]
    labels = read_column(attributes, files, job.get("labels"))
    predictions = read_column(attributes, files, job["predictions"]) if "predictions" in job else None
    names = {g["label"]: g["name"] for g in attributes["groups"] if g["kind"] == "class"}

    def named(column):
        return [names.get(v if isinstance(v, str) else int(v), str(v)) for v in column] if column is not None else [None] * rows

    label_names, prediction_names = named(labels), named(predictions)
    masks = []
    for group in attributes["groups"]:
        if group["kind"] == "all":
            mask = np.ones(rows, bool)
        elif group["kind"] == "class":
            mask = np.array([n == group["name"] for n in label_names])
        else:  # the conditions that tests use are Python too
            mask = np.array(
                [eval(group["where"], {}, {"label": a, "prediction": b, "row": i})
                 for i, (a, b) in enumerate(zip(label_names, prediction_names))], bool)
        assert mask.sum() == group["rows"], f"rows of {group['name']}"
        masks.append(mask)
    return masks


def reduced(values, axes, how):
    """[row, position, neuron]; one position unless each is a sample."""
    others = [a for a in axes if a not in "KN"]
    values = values.transpose([axes.index(a) for a in "KN" if a in axes] + [axes.index(a) for a in others])
    values = values.reshape(-1, *values.shape[len(axes) - len(others):])  # rows of all categories follow each other
    if how == "flatten":
        return values.reshape(len(values), 1, -1)
    neurons = [1 + i for i, a in enumerate(others) if a in "CDFU"]
    positions = [1 + i for i, a in enumerate(others) if a not in "CDFU"]
    width = int(np.prod([values.shape[i] for i in neurons], dtype=int))
    matrix = values.transpose([0] + positions + neurons).reshape(len(values), -1, width)
    if how == "samples":
        return matrix
    if how == "max":
        return matrix.max(axis=1, keepdims=True)
    wide = values.dtype.itemsize > 4 or (values.dtype.kind in "iu" and values.dtype.itemsize > 2)
    return matrix.astype(np.float64).mean(axis=1, keepdims=True).astype(np.float64 if wide else np.float32)


def bins_of(values, exponent):
    """floor(v / 2^e) without rounding: both are exact, but a tiny negative quotient may vanish."""
    quotient = np.floor(np.ldexp(values.astype(np.float64), -exponent))
    return np.where((quotient == 0) & (values < 0), -1, quotient)


def smallest_exponent(low, high, bits, least):
    e = max(least, int(np.frexp(max(abs(low), abs(high)))[1]) - 1 - bits) if max(abs(low), abs(high)) > 0 else least
    while bins_of(np.array([high]), e)[0] - bins_of(np.array([low]), e)[0] >= 256:
        e += 1
    return e


def equal(name, got, expected):
    assert got.shape == expected.shape, f"{name}: shape {got.shape}, expected {expected.shape}"
    same = (got == expected) | (np.isnan(got.astype(float)) & np.isnan(expected.astype(float)))
    assert same.all(), f"{name}: {(~same).sum()} of {same.size} differ, first at {tuple(np.argwhere(~same)[0])}: {got[~same][0]}, expected {expected[~same][0]}"


def stored(layer, files, attributes):
    """The layer's rows that count, of all files: `[row, position, neuron]`."""
    parts = []
    for f in files:
        values = dense(f, entry_of(attributes, layer))
        if layer["dtype"] == "bfloat16" and values.dtype.kind != "f":  # the upper half of a float32
            values = (np.frombuffer(values.tobytes(), np.uint16).reshape(values.shape).astype(np.uint32) << 16).view(np.float32)
        part = reduced(values, layer["axes"], layer["reduce"])
        parts.append(part[: int(f[attributes["job"]["count"]][()])] if "count" in attributes["job"] else part)
    return np.concatenate(parts)


# Every statistic of FORMAT.md §5: which values are counted, and what NumPy makes of the finite ones.
COUNTS = {"count": np.isfinite, "zeros": lambda values: values == 0, "nan": np.isnan, "infinite": np.isinf}
FIGURES = {
    "minimum": np.min, "maximum": np.max, "mean": np.mean, "deviation": np.std, "median": np.median,
    "lower_quartile": lambda values: np.percentile(values, 25), "upper_quartile": lambda values: np.percentile(values, 75),
}  # fmt: skip
MOMENTS = {"mean", "deviation"}


def kinds_of(values, missing=None):
    """What stands apart: 0 zero, 1 NaN, 2 +infinity, 3 -infinity, 4 missing; 255 an ordinary number."""
    kinds = np.select([values == 0, np.isnan(values), values == np.inf, values == -np.inf], [0, 1, 2, 3], 255)
    if missing is not None:
        kinds[missing] = 4
    return kinds


def read_codes(group, orientation, length):
    """Codes, and whether each stands apart: `[plane, sample or neuron]`."""
    codes = group[f"codes/{orientation}"][...]
    bits = np.unpackbits(group[f"codes/{orientation}_apart"][...], axis=1, bitorder="little")
    assert codes.dtype == np.uint8 and bits.shape[1] == (length + 7) // 8 * 8 and not bits[:, length:].any()
    return codes, bits[:, :length]


def planes_of(groups):
    """The plane of each group, as its attributes say; `None`: it has none."""
    assert all(("plane" in g) == ("plane" in groups[0]) for g in groups)
    return [g.get("plane", i) for i, g in enumerate(groups)]


def counts_of(group, axis, bins):
    """`[plane, neuron, bin]`, wherever the layer has them."""
    own = group["planes"] if "planes" in group else group
    assert ("own" in group, "shared" in group) == (("planes" not in group),) * 2
    return own[f"{axis}/{bins}"]


def check_codes(group, layer, matrix, masks, missing=None, planes=None):
    """Codes against the dump's values, `[row, position, neuron]`, and every stored count against the codes."""
    have = layer.get("codes", "none")
    paths = {"none": set(), "columns": {"columns", "columns_apart"}, "both": {"columns", "columns_apart", "rows", "rows_apart"}}[have]
    assert set(group["codes"].array_keys() if "codes" in group else ()) == paths
    if have == "none":
        return
    samples, neurons = matrix.shape[0] * matrix.shape[1], matrix.shape[2]
    values = matrix.reshape(samples, neurons)
    exponent, origin, tails = (group[f"grid/{n}"][...].astype(np.int64) for n in ("exponent", "origin", "tails"))
    gone = None if missing is None else np.repeat(missing, matrix.shape[1])
    kinds = kinds_of(values, gone)
    codes, apart = read_codes(group, "columns", samples)
    for n in range(neurons):
        ordinary = np.isfinite(values[:, n]) & (True if gone is None else ~gone)
        bins = np.zeros(samples)
        bins[ordinary] = bins_of(values[ordinary, n], int(exponent[n])) - origin[n]
        bins = np.clip(bins, 0, 255) if tails[n] else bins
        expected = np.where(ordinary, bins, (kinds[:, n].astype(np.int64) - origin[n]) & 255).astype(np.uint8)
        equal(f"{layer['name']} codes of neuron {n}", codes[n], expected)
        equal(f"{layer['name']} apart of neuron {n}", apart[n], (kinds[:, n] < 255).astype(np.uint8))
        told = np.where(apart[n], (codes[n].astype(np.int64) + origin[n]) & 255, 255)
        equal(f"{layer['name']} kinds of neuron {n}", told, kinds[:, n])
    if have == "both":
        rows, rows_apart = read_codes(group, "rows", neurons)
        equal(f"{layer['name']} rows of codes", rows, codes.T)
        equal(f"{layer['name']} rows apart", rows_apart, apart.T)
    planes = planes or list(range(len(masks)))
    own, stat = counts_of(group, "own", 256)[...], {n: group[f"statistics/{n}"][...] for n in ("count", "zeros", "nan", "infinite")}
    for g, mask in enumerate(masks):
        of_group = np.repeat(mask, matrix.shape[1])
        for n in range(neurons):
            code, kind = codes[n, of_group], np.where(apart[n, of_group], (codes[n, of_group].astype(np.int64) + origin[n]) & 255, 255)
            counted = np.bincount(code[(kind == 0) | (kind == 255)], minlength=256)
            if planes[g] is not None:
                equal(f"{layer['name']} group {g} neuron {n} from codes", counted, own[planes[g], n].astype(np.int64))
            told = {"count": ((kind == 0) | (kind == 255)).sum(), "zeros": (kind == 0).sum(), "nan": (kind == 1).sum(), "infinite": ((kind == 2) | (kind == 3)).sum()}
            assert all(stat[k][g, n] == v for k, v in told.items()), f"{layer['name']} group {g} neuron {n}: {told}"


def check_extremes(group, layer, matrix, figure):
    """The 16 rows with the highest and the lowest finite values, a row by its best sample."""
    for end, sign in (("highest", 1), ("lowest", -1)):
        values, rows = group[f"extremes/{end}"][...], group[f"extremes/{end}_row"][...]
        expected = np.full(values.shape, np.nan, figure), np.full(rows.shape, 2**32 - 1, np.uint32)
        assert values.dtype == figure and rows.dtype == np.uint32
        best = np.where(np.isfinite(matrix), sign * matrix, -np.inf).max(axis=1)
        for n in range(matrix.shape[2]):
            order = np.argsort(-best[:, n], kind="stable")[:16]
            order = order[best[order, n] > -np.inf]
            expected[0][n, : len(order)], expected[1][n, : len(order)] = sign * best[order, n] + 0, order
        equal(f"{layer['name']} {end}", values, expected[0])
        equal(f"{layer['name']} rows of {end}", rows, expected[1])


def check_layer(store, attributes, layer, files, masks):
    group = store[f"layers/{layer['id']}"]
    rows = len(masks[0])
    matrix = stored(layer, files, attributes)
    assert len(matrix) == rows
    wide = matrix.dtype.itemsize > 4 or (matrix.dtype.kind in "iu" and matrix.dtype.itemsize > 2)
    figure = np.float64 if wide else np.float32
    bits, least = (52, -1074) if wide else (23, -149)
    count, neurons = len(masks), layer["neurons"]
    assert matrix.shape[2] == neurons
    matrix = matrix.astype(figure)

    planes = planes_of(attributes["groups"])
    kept = [g for g, plane in enumerate(planes) if plane is not None]
    assert [planes[g] for g in kept] == list(range(len(kept)))
    own = {b: counts_of(group, "own", b)[...].astype(np.int64) for b in (256, 64, 16)}
    shared = {b: counts_of(group, "shared", b)[...].astype(np.int64) for b in (256, 64, 16)}
    exponent, origin, tails = (group[f"grid/{n}"][...].astype(np.int64) for n in ("exponent", "origin", "tails"))
    stat = {n: array[...] for n, array in group["statistics"].arrays()}
    assert set(stat) == {*COUNTS, *FIGURES}, f"{layer['name']}: {sorted(stat)}"
    axis = layer["shared"]
    assert dict(counts_of(group, "shared", 256).attrs) == axis

    expected_own = np.zeros((count, neurons, 256), np.int64)
    expected_shared = np.zeros_like(expected_own)
    expected = {n: np.full((count, neurons), np.nan) for n in stat}
    for n in range(neurons):
        finite_all = matrix[:, :, n][np.isfinite(matrix[:, :, n])]
        if finite_all.size and not tails[n]:
            e = smallest_exponent(finite_all.min(), finite_all.max(), bits, least)
            assert exponent[n] == e, f"{layer['name']} neuron {n}: exponent {exponent[n]}, expected {e}"
            assert origin[n] == bins_of(finite_all.min(keepdims=True), e)[0]
        if not finite_all.size:
            assert exponent[n] == 0 and origin[n] == 0
        for g, mask in enumerate(masks):
            values = matrix[mask, :, n].ravel()
            finite = values[np.isfinite(values)]
            places = np.clip(bins_of(finite, int(exponent[n])) - origin[n], 0 if tails[n] else -np.inf, 255 if tails[n] else np.inf)
            assert ((places >= 0) & (places < 256)).all()
            expected_own[g, n] = np.bincount(places.astype(int), minlength=256)
            on_shared = (origin[n] + np.arange(256)) >> min(axis["exponent"] - exponent[n], 63)
            filled = expected_own[g, n] > 0
            np.add.at(expected_shared[g, n], (on_shared - axis["origin"])[filled], expected_own[g, n][filled])
            for key, counted in COUNTS.items():
                expected[key][g, n] = counted(values).sum()
            for key, of in FIGURES.items() if finite.size else ():
                exact = of(finite.astype(np.float64))
                expected[key][g, n] = exact if key in MOMENTS else figure(exact)
    name = layer["name"]
    check_codes(group, layer, matrix, masks, planes=planes)
    check_extremes(group, layer, matrix, figure)
    expected_own, expected_shared, count = expected_own[kept], expected_shared[kept], len(kept)
    equal(f"{name} own", own[256], expected_own)
    equal(f"{name} shared", shared[256], expected_shared)
    for b in (64, 16):
        equal(f"{name} own {b}", own[b], expected_own.reshape(count, neurons, b, 256 // b).sum(axis=3))
        equal(f"{name} shared {b}", shared[b], expected_shared.reshape(count, neurons, b, 256 // b).sum(axis=3))
    for key in stat.keys() - MOMENTS:
        equal(f"{name} {key}", stat[key].astype(np.float64), expected[key])
    spread = np.maximum(np.abs(expected["maximum"]), np.abs(expected["minimum"]))
    for key in MOMENTS:  # sums of floating-point numbers: the order of adding is the program's own
        assert np.allclose(stat[key] / spread, expected[key] / spread, rtol=0, atol=1e-7, equal_nan=True), f"{name} {key}"
    for plane, g in enumerate(kept):
        equal(f"{name} ordering {g}", group["orderings/median"][plane], np.argsort(stat["median"][g] + 0.0, kind="stable").astype(np.uint32))


def check_instances(store, attributes, layer, files):
    if not attributes["instances"]:
        return
    root = attributes["job"]["instances"].get("group")
    group = store[f"layers/{layer['id']}"]
    values = group["values"][...]
    for i, instance in enumerate(attributes["instances"]):
        if instance["kind"] == "row":
            source = stored(layer, files, attributes)[int(instance["name"].split()[1])]
        else:
            axes = ("" if "N" in layer["axes"] else "N") + layer["axes"].replace("K", "")
            path = f"{root}/{instance['kind']}{layer['dataset']}"
            if not has(files[0], path):  # a kind need not have every layer
                assert np.isnan(values[i]).all(), f"{layer['name']} {instance['name']}: values of a layer that it has not"
                continue
            of_kind = dense(files[0], entry_of(attributes, layer), f"{root}/{instance['kind']}")
            source = reduced(of_kind, axes, layer["reduce"])[instance["pair"]]
        row = source.astype(np.float64).mean(axis=0)
        equal(f"{layer['name']} {instance['name']}", values[i], row.astype(np.float32))
        equal(f"{layer['name']} order {instance['name']}", group["orderings/value"][i], np.argsort(values[i] + 0.0, kind="stable").astype(np.uint32))
        if "image" in instance:
            picture = files[0][f"{root}/{instance['kind']}/images"][instance["image"]]
            equal("picture", store[f"images/{instance['kind']}"][instance["image"]], picture.reshape(*picture.shape[:2], -1))


def check(store_path, dump_paths):
    """Raises AssertionError at the first difference; returns the number of layers compared."""
    store = zarr.open_group(str(store_path), mode="r")
    attributes = dict(store.attrs)
    assert attributes["format"] == "neural-divergence" and attributes["format_version"] == 2
    files = [h5py.File(p) for p in dump_paths]
    masks = groups_of(attributes, files)
    for layer in attributes["layers"]:
        check_layer(store, attributes, layer, files, masks)
        check_instances(store, attributes, layer, files)
    return len(attributes["layers"])


if __name__ == "__main__":
    print(f"{check(sys.argv[1], sys.argv[2:])} layers are equal to their dump")
