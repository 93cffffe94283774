"""Tiles of a layer with many levels, compared byte for byte with NumPy over what zarr reads from the store."""

import random
import struct
import urllib.parse

import numpy as np
import pytest
import zarr

from programs import Program, write_dump
from serving import Server

NEURONS, ROWS = 20_000, 600
FIGURES = ("median", "mean", "deviation", "minimum", "maximum")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Behind a ReLU: most neurons have more than 255 zeros, so counts need more than a byte."""
    folder = tmp_path_factory.mktemp("tiles")
    rng = np.random.default_rng(2)
    labels = np.arange(ROWS) % 3
    values = rng.standard_normal((ROWS, NEURONS), dtype="f4") * 2.0 ** rng.integers(-6, 3, NEURONS) + rng.normal(-0.5, 0.5, NEURONS)
    values[:, 7] = np.nan
    dump = write_dump(folder / "many.h5", {"activations/layer": np.maximum(values, 0).astype("f4")}, labels)
    Program().ok("precompute", dump, "--output", folder / "Tiles", "--progress", "none")
    with Server(folder / "Tiles") as server:
        yield server, zarr.open_group(str(folder / "Tiles" / "many" / "current"), mode="r")


class Oracle:
    def __init__(self, store):
        self.layer = store.attrs["layers"][0]
        self.groups = [group["name"] for group in store.attrs["groups"]]
        base = store[f"layers/{self.layer['id']}"]
        self.own, self.shared = ({bins: base[f"{axis}/{bins}"][...].astype("i8") for bins in (256, 64, 16)} for axis in ("own", "shared"))
        self.statistics = {name: base[f"statistics/{name}"][...] for name in ("count", "zeros", *FIGURES)}
        self.exponent, self.origin = base["grid/exponent"][...].astype("i8"), base["grid/origin"][...]

    def key(self, kind, group):
        if kind == "zeros":
            with np.errstate(invalid="ignore"):
                return self.statistics["zeros"][group] / self.statistics["count"][group].astype("f8")
        return self.statistics[kind][group].astype("f8")

    def order(self, items, absolute, descending):
        """Stable, NaN last, by what FORMAT.md §6 says."""
        if not items:
            order = np.arange(NEURONS)
            return order[::-1] if descending else order
        keys = [self.key(kind, group) for kind, group in items]
        key = keys[0] - keys[1] if len(keys) > 1 else keys[0]
        key = np.abs(key) if absolute else key
        key = key + 0.0
        ranked = np.argsort(-key if descending else key, kind="stable")
        return np.concatenate([ranked[~np.isnan(key[ranked])], np.flatnonzero(np.isnan(key))])

    def window(self, group, zoom, start, neurons):
        """Counts without zeros on a part of the axis, in fractions."""
        width = 2.0 ** (self.layer["shared"]["exponent"] - zoom)
        left = (self.layer["shared"]["origin"] * 2.0**zoom + start + np.arange(256)) * width
        sums = np.zeros((len(neurons), 256))
        for row, neuron in enumerate(neurons):
            own = 2.0 ** self.exponent[neuron]
            lower = (self.origin[neuron] + np.arange(256)) * own
            counts = self.own[256][group, neuron] - np.where(lower == 0, self.statistics["zeros"][group, neuron], 0)
            for bin in np.flatnonzero(counts):
                overlap = np.minimum(lower[bin] + own, left + width) - np.maximum(lower[bin], left)
                sums[row] += counts[bin] * np.maximum(overlap, 0) / own
        return sums

    def tile(self, group, axis, bins, zoom, start, items, absolute, descending, level, index):
        order = self.order(items, absolute, descending)
        rows = -(-NEURONS // 2**level)
        first, last = 256 * index, min(256 * index + 256, rows)
        neurons = order[first << level : last << level]
        totals = self.own[256][group, neurons].sum(1)
        counts = self.window(group, zoom, start, neurons) if zoom else (self.own if axis == "own" else self.shared)[bins][group, neurons]
        if zoom:
            counts = counts.reshape(len(neurons), bins, -1).sum(2)
        cuts = np.arange(0, len(neurons), 2**level)
        counts, totals = np.add.reduceat(counts, cuts, 0), np.add.reduceat(totals, cuts)
        zeros = np.add.reduceat(self.statistics["zeros"][group, neurons].astype("i8"), cuts)
        known = totals > 0
        share = (counts[known] / totals[known, None]).max(initial=0)
        share_zeros = (zeros[known] / totals[known]).max(initial=0)
        scale = np.float32(share if zoom else max(share, share_zeros)) or np.float32(1)
        zero_scale = (np.float32(share_zeros) or np.float32(1)) if zoom else scale

        def code(counts, totals, scale):
            q = np.floor(255 * np.sqrt(counts / (np.maximum(totals, 1) * float(scale))) + 0.5)
            return np.where(counts == 0, 0, np.clip(q, 1, 255)).astype("u1")

        body = code(counts, totals[:, None], scale).tobytes() + code(zeros, totals, zero_scale).tobytes()
        head = struct.pack("<4sHHIHHfIf", b"NDT1", 1, 32, last - first, bins, level, scale, first, zero_scale if zoom else 0)
        return head, body


def random_view(oracle):
    items = [(random.choice(["zeros", *FIGURES]), random.randrange(4)) for _ in range(random.choice([0, 1, 2, 2]))]
    absolute = len(items) > 0 and random.random() < 0.3
    level = random.choice([0, 1, 2, 3, 4, 5, 6, 7])
    zoom = random.choice([0, 0, 1, 3, 6]) if level < 3 else 0
    view = {
        "group": random.randrange(4), "axis": "shared" if zoom else random.choice(["own", "shared"]), "bins": random.choice([256, 64, 16]),
        "zoom": zoom, "start": random.randint(0, (256 << zoom) - 256), "items": items, "absolute": absolute, "descending": random.random() < 0.5,
        "level": level, "index": random.randrange(-(-(-(-NEURONS // 2**level)) // 256)),
    }  # fmt: skip
    texts = [f"{kind}({oracle.groups[group]})" for kind, group in items]
    text = texts[0] if len(texts) == 1 else f"difference({','.join(texts)})" if texts else "index"
    text = f"absolute({text})" if absolute else text
    path = (f"/tiles/{view['group']}/{level}/{view['index']}?order={urllib.parse.quote(text, safe='')}&axis={view['axis']}&bins={view['bins']}"
            f"&direction={'descending' if view['descending'] else 'ascending'}&zoom={zoom}&from={view['start']}")
    return path, view


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tiles_equal_numpy_over_the_store(served):
    server, store = served
    oracle = Oracle(store)
    assert store[f"layers/{oracle.layer['id']}/own/256"].dtype == np.uint16
    version = server.json("/api/v1/datasets/many")["url"]
    random.seed(3)
    for _ in range(120):
        path, view = random_view(oracle)
        status, _, tile = server.get(f"{version}/layers/{oracle.layer['id']}{path}")
        assert status == 200, path
        head, body = oracle.tile(**view)
        assert tile[:28] == head[:28], path
        assert tile[32:] == body, path


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_window_of_the_deepest_zoom_shows_own_bins(served):
    """Zoomed to a neuron's own bin width, its counts are those of its own grid."""
    server, store = served
    oracle = Oracle(store)
    shared = oracle.layer["shared"]
    used = (oracle.own[256][0] > 0).sum(1) * (oracle.exponent <= shared["exponent"] - 2)
    neuron = int(used.argmax())
    zoom = int(shared["exponent"] - oracle.exponent[neuron])
    start = int(max(0, oracle.origin[neuron] - (shared["origin"] << zoom)))
    version = server.json("/api/v1/datasets/many")["url"]
    path = f"{version}/layers/{oracle.layer['id']}/tiles/0/0/{neuron // 256}?zoom={zoom}&from={start}"
    tile = server.get(path)[2]
    at = 32 + (neuron % 256) * 256
    seen = np.frombuffer(tile, "u1")[at : at + 256] > 0
    counts = oracle.own[256][0, neuron].copy()
    counts[-oracle.origin[neuron]] -= oracle.statistics["zeros"][0, neuron]
    assert (seen == (counts > 0)).all() and seen.sum() > 50
