"""A group of the moment is counted in several ways: by neuron or by row, its own rows or all others. All of them are one to the reader."""

import h5py
import numpy as np
import pytest
from serving import Server
from test_moment import at, table


@pytest.fixture
def stores(tmp_path, job, precompute, rng):
    """The same dump with codes by neuron alone and also by row; rows never written, NaN, infinities, outliers, zeros, constants."""
    rows, neurons = 2300, 700
    values = np.maximum(rng.normal(size=(rows, neurons)), 0).astype(np.float32)
    values[rng.random(values.shape) < 0.001] = np.nan
    values[rng.random(values.shape) < 0.001] = -np.inf
    values[:, 5] *= np.where(np.arange(rows) % 97 == 5, 1e6, 1)
    values[:, 6], values[:, 7], values[:, 8] = np.nan, 0, -3.25
    whole = np.abs(rng.normal(size=(rows, 300))).astype(np.float32)
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w") as f:
        f["whole"], f["labels"] = whole, rng.integers(0, 3, rows)
        f.create_dataset("fc", (rows, neurons), np.float32, chunks=(100, neurons))[:2200] = values[:2200]
    return {
        codes: precompute(job(f"codes: {codes}\nmissing: skip\nlayers: [fc, whole]\ngroups: [{{ name: most, where: 'row >= 100' }}]", path), name="job", output=tmp_path / codes)
        for codes in ("columns", "both")
    }


#: A few rows, half of them, more than half, all, none; of more than 1,020 not all fit into memory at once.
ASKED = ["row in [3, 500, 2210]", "row < 1100", "row >= 1180", "label != 1", "row >= 100", "row >= 0", "row < 0", "value(fc, 3) > 0 or row == 2250", "not (value(whole, 2) < 1)"]


def test_all_ways_give_the_same_answers(stores):
    answers = {}
    for codes, store in stores.items():
        with Server(store.parent.parent) as server:
            url = server.json("/api/v1/datasets/job")["url"]
            for layer in ("fc", "whole"):
                base = f"{url}/layers/{layer}"
                for text in ASKED:
                    asked = [at(f"{base}/summary", text, groups=0)]
                    asked += [at(f"{base}/tiles/0/{level}/0", text, axis=axis, bins=bins) for level, axis, bins in ((0, "own", 256), (1, "shared", 64), (1, "own", 256))]
                    asked += [at(f"{base}/tiles/0/1/0", text, zoom=2, **{"from": 256})]
                    asked += [at(f"{base}/rows/0/0", None, order=f"{kind}(where:({text}))") for kind in ("median", "mean", "deviation", "minimum", "maximum", "zeros")]
                    asked += [at(f"{base}/rows/0/0", None, order=f"percentile(row {row},where:({text}))", instances=f"row {row}") for row in (1, 2250)]
                    for path in asked:
                        status, _, body = server.get(path)
                        assert status == 200, (path, body)
                        answers.setdefault((layer, path.split("/layers/")[1]), []).append(body)
    different = [path for path, bodies in answers.items() if len(bodies) != 2 or bodies[0] != bodies[1]]
    assert len(answers) > 200 and different == []


def test_what_is_left_of_all_rows_is_as_a_stored_group(program, stores):
    """More than half of the rows: the others are counted, and taken from all."""
    for store in stores.values():
        with Server(store.parent.parent) as server:
            url = server.json("/api/v1/datasets/job")["url"]
            group = next(i for i, one in enumerate(server.json(url)["groups"]) if one["name"] == "most")
            for layer in ("fc", "whole"):
                base = f"{url}/layers/{layer}"
                want, got = server.json(f"{base}/summary?groups={group}"), server.json(at(f"{base}/summary", "row >= 100", groups=0))
                for name in ("zeros", "dead", "nan", "infinite"):
                    assert want[name][0] == got[name][1]
                assert want["distribution"]["counts"][0] == got["distribution"]["counts"][1]
                for level in (0, 1):
                    for view in ({"axis": "own"}, {"bins": 16}, {"zoom": 1, "from": 128}):
                        want, got = (server.get(at(f"{base}/tiles/{g}/{level}/0", t, **view)) for g, t in ((group, None), (0, "row >= 100")))
                        assert want[0] == got[0] == 200 and want[2] == got[2], (layer, level, view)
        rows = table(program.ok("export", store, "--layer", "fc", "--groups", "most", "--where", "row >= 100", "--counts").stdout)
        for row in rows:
            for name in ["count", "zeros", "nan", "infinite", *(f"bin_{b}" for b in range(256))]:
                assert row[f"{name}(most)"] == row[f"{name}(row >= 100)"]
