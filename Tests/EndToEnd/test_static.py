"""A site of plain files: that it says the same as the server, and that any web host can serve it."""

import contextlib
import hashlib
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import urllib.parse

import numpy as np
import pytest

from programs import PROGRAM
from serving import GOLDEN, Server

HERE = pathlib.Path(__file__).parent
VERSION = (GOLDEN / "current").readlink().name
BASE = f"api/v1/datasets/golden/{VERSION}"


def export(folder, *options):
    return subprocess.run([PROGRAM, "export", str(GOLDEN), "--static", str(folder), *options], capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("static") / "site"
    done = export(folder)
    assert done.returncode == 0, done.stderr
    return folder


@contextlib.contextmanager
def hosted(site):
    """Python's own file server: no ranges, no compression, no logic."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", str(site)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    port = re.search(r"port (\d+)", process.stdout.readline())[1]
    yield f"http://127.0.0.1:{port}/"
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def host(site):
    with hosted(site) as host:
        yield host


def compared(host, server, asked):
    """Asks site and server the same; how many answers were compared."""
    done = subprocess.run(
        ["node", HERE / "static_compare.mjs", host, f"http://127.0.0.1:{server.port}/"],
        input=json.dumps(asked), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def paths(metadata, count):
    """Random requests of every kind, and of what is not there."""
    random.seed(11)
    groups, instances = metadata["groups"], metadata["instances"]

    def item():
        kind = random.choice(["median", "mean", "deviation", "minimum", "maximum", "zeros", "value", "percentile", "auroc", "wasserstein", "kolmogorov_smirnov"])
        if kind == "percentile":
            return f"percentile({random.choice(instances)['name']},{random.choice(groups)['name']})"
        if kind in ("auroc", "wasserstein", "kolmogorov_smirnov"):
            return f"{kind}({random.choice(groups)['name']},{random.choice(groups)['name']})"
        return f"{kind}({random.choice(instances if kind == 'value' else groups)['name']})"

    def order():
        text = random.choice(["index", item(), f"absolute({item()})", f"difference({item()},{item()})", f"absolute(difference({item()},{item()}))"])
        return f"order={urllib.parse.quote(text, safe='')}&direction={random.choice(['ascending', 'descending'])}"

    for _ in range(count):
        layer = random.choice(metadata["layers"])
        base = f"{BASE}/layers/{layer['id']}"
        level = random.choice([0, 0, 1])
        index = random.randint(0, (layer["neurons"] >> level) // 256)
        neuron = random.randrange(layer["neurons"])
        chosen = ",".join(str(i) for i in random.sample(range(len(instances)), random.randint(0, len(instances))))
        some = ",".join(str(i) for i in random.sample(range(len(groups)), random.randint(1, len(groups))))
        tile = f"{base}/tiles/{random.randrange(len(groups))}/{level}/{index}?{order()}"
        zoom = random.randint(1, 9)
        yield f"{tile}&axis={random.choice(['own', 'shared'])}&bins={random.choice([256, 64, 16])}"
        yield f"{tile}&zoom={zoom}&from={random.randint(0, (256 << zoom) - 256)}&bins={random.choice([256, 64])}"
        yield f"{base}/rows/{level}/{index}?{order()}&instances={chosen}"
        yield f"{base}/rows/{level}/{index}?{order()}&instances={chosen}&spread=all"
        yield f"{base}/find?{order()}&neuron={neuron}"
        yield f"{base}/find?{order()}&rank={neuron}"
        yield f"{base}/find?{order()}&rank={neuron}&ties=all"
        yield f"{base}/neurons?neurons={neuron},{random.randrange(layer['neurons'])},0&groups={some}&instances={chosen}"
        yield f"{base}/neurons/{neuron}?groups={some}&instances={chosen}"
        yield f"{base}/summary"
    yield f"{BASE}/layers/wide/tiles/0/0/99?order=index"
    yield f"{BASE}/layers/wide/tiles/0/0/0?order=median%28nobody%29"
    yield f"{BASE}/layers/none/summary"
    yield "api/v1/datasets/golden/" + "0" * 16
    yield "api/v1/datasets/nothing"


def test_it_answers_as_the_server_does(host):
    with Server(GOLDEN.parent) as server:
        asked = list(paths(server.json(f"/{BASE}"), 60))
        assert compared(host, server, asked) == len(asked)


def test_files_are_whole_and_named_by_what_they_hold(site):
    files = [path for path in (site / "api").rglob("*") if path.is_file()]
    assert len(files) > 50
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest()[:32] == path.stem
        assert path.suffix in {".bin", ".json", ".png"}
    catalogue = json.loads((site / "site.json").read_text())
    assert catalogue["datasets"][0]["version"] == VERSION
    # Every file is named by one that is reached from the catalogue, and every name is a file.
    names, found = [catalogue["datasets"][0]["manifest"]], set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            if name.endswith(".json"):
                names += re.findall(r"[0-9a-f]{32}\.(?:bin|json|png)", (site / BASE / name).read_text())
    assert found == {path.name for path in files}
    for instance in json.loads((site / BASE / catalogue["datasets"][0]["manifest"]).read_text())["metadata"]["instances"]:
        if "image" in instance:
            assert (site / BASE / instance["image"]).read_bytes().startswith(b"\x89PNG")


def test_the_page_is_told_and_nothing_else_of_the_client_differs(site):
    web = HERE.parents[1] / "web"
    assert 'data-site="site.json"' in (site / "index.html").read_text()
    for path in web.rglob("*.js"):
        assert (site / path.relative_to(web)).read_bytes() == path.read_bytes()


def test_again_gives_the_same_and_a_strangers_folder_is_left_alone(site, tmp_path):
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert export(site).returncode == 0
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before
    (tmp_path / "mine.txt").write_text("mine")
    done = export(tmp_path)
    assert done.returncode == 64 and "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_stores_are_named_by_their_folders(tmp_path):
    """As the server names them: a copied folder is another data set, alone or beside the first."""
    for name in ("golden", "copy"):
        shutil.copytree(GOLDEN, tmp_path / "Tiles" / name, symlinks=True)
    for path, names in (("Tiles", ["copy", "golden"]), ("Tiles/copy", ["copy"]), (f"Tiles/copy/{VERSION}", ["golden"])):
        site = tmp_path / f"site of {path.replace('/', ' ')}"
        done = subprocess.run([PROGRAM, "export", str(tmp_path / path), "--static", str(site)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        entries = json.loads((site / "site.json").read_text())["datasets"]
        assert [one["name"] for one in entries] == names
        for one in entries:
            assert one["url"] == f"api/v1/datasets/{one['name']}/{VERSION}"
            assert json.loads((site / one["url"] / one["manifest"]).read_text())["metadata"]["name"] == one["name"]


def test_several_stores_and_what_cannot_be(program, tmp_path):
    shutil.copytree(GOLDEN, tmp_path / "Tiles" / "golden", symlinks=True)
    done = subprocess.run([PROGRAM, "export", str(tmp_path / "Tiles"), "--static", str(tmp_path / "site")], capture_output=True, text=True)
    assert done.returncode == 0 and "files" in done.stdout, done.stderr
    assert [one["name"] for one in json.loads((tmp_path / "site" / "site.json").read_text())["datasets"]] == ["golden"]
    assert program.run("export", GOLDEN).returncode == 64
    assert program.run("export", GOLDEN, "--layer", "wide", "--static", tmp_path / "other").returncode == 64
    program.fails(66, "export", tmp_path / "nowhere", "--static", tmp_path / "other")


@pytest.mark.parametrize("samples, codes", [(1, "columns"), (3, "columns"), (1, "none")])
def test_the_rows_that_fire_a_neuron(program, precompute, job, dump, rng, tmp_path, samples, codes):
    """Exact values at both ends, ties, NaN and fewer rows than are kept: as the server tells them."""
    values = np.maximum(rng.normal(size=(1200, samples, 9)), 0).astype("f4")
    values[:, :, 1] = rng.normal(size=(1200, samples))
    values[5:, :, 2] = np.nan
    values[3, :, 3], values[:, :, 4], values[:, :, 5] = 1e30, np.nan, np.minimum(values[:, :, 5], 0.5)
    values[7, 0, 6] = -np.inf
    path = dump({"fc": values if samples > 1 else values[:, 0]}, rng.integers(0, 3, 1200), predictions=rng.integers(0, 3, 1200))
    store = precompute(job(f"codes: {codes}\nlayers: [{{dataset: fc{', axes: NTC, reduce: samples' if samples > 1 else ''}}}]", path), name="job")
    program.ok("export", store, "--static", tmp_path / "site")
    base = f"api/v1/datasets/job/{store.resolve().name}/layers/fc"
    asked = [f"{base}/neurons/{n}/rows?end={end}{count}" for n in range(10) for end in ("highest", "lowest") for count in ("", "&count=1", "&count=7")]
    with Server(store.parents[1]) as server, hosted(tmp_path / "site") as host:
        assert compared(host, server, asked) == len(asked)
