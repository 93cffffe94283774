"""Exports for papers: every number as NumPy has it, the pictures as the page shows them, whatever the screen."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import h5py
import numpy as np
import pandas
import pytest

from stores import Server, once
from plots import painted, pixels, sharp, view

ROWS, SHAPE = 195, (4, 5, 3)
NAMES = ["ant", "bee, small", "cat"]


@pytest.fixture(scope="session")
def paper(tmp_path_factory):
    rng = np.random.default_rng(11)
    values = np.maximum(rng.standard_normal((ROWS, *SHAPE)), 0).astype("f4")
    values[3, 0, 0, 1] = np.nan
    values[:, 1, 2, 0] = np.nan
    values[7, 2, 2, 2] = np.inf
    logits = rng.standard_normal((ROWS, 3)).astype("f4")
    labels = np.arange(ROWS) % 3

    def make(folder):
        with h5py.File(folder / "paper.h5", "w") as file:
            file["labels"], file["class_names"] = labels, np.array(NAMES, dtype=h5py.string_dtype())
            file["activations/conv"], file["activations/logits"] = values, logits
            file["activations/conv"].attrs["axes"] = "NHWC"
            for kind in ("benign", "attacked"):
                for layer, own in (("conv", values), ("logits", logits)):
                    file[f"instances/{kind}/activations/{layer}"] = own[(2 if kind == "benign" else 5):][:1]
        return folder / "paper.h5"

    server = Server(once(tmp_path_factory, "paper", make))
    yield server.url, values.reshape(ROWS, -1), logits, labels
    server.stop()


@pytest.fixture
def shown(page, paper):
    page.goto(f"{paper[0]}#1;d=paper;l=conv,logits;g=1,2;i=0,1;s0=m1~;p0=h.3;s1=m1~")
    sharp(page)
    return page


def save(page, kind, **choices):
    page.click("#export")
    for name, value in choices.items():
        page.select_option(f"#export-{name}", value)
    with page.expect_download() as download:
        page.click(f"#export-{kind}")
    return open(download.value.path(), "rb").read()


def expected(values):
    """The figures of one neuron in one class, in the order of the columns."""
    finite = values[np.isfinite(values)]
    nan, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    if len(finite) == 0:
        return {"count": 0, "zeros": 0, "nan": nan, "infinite": infinite}
    wide = finite.astype("f8")
    return {
        "count": len(finite), "zeros": int((finite == 0).sum()), "nan": nan, "infinite": infinite,
        "minimum": float(finite.min()), "maximum": float(finite.max()), "median": float(np.float32(np.median(wide))),
        "lower_quartile": float(np.float32(np.percentile(wide, 25))), "upper_quartile": float(np.float32(np.percentile(wide, 75))),
    }, (wide.mean(), wide.std())


def check(row, own, key):
    """Exact: counts, extremes, quartiles. Mean and deviation are sums in double precision: equal to their last digits."""
    wanted = expected(own)
    exact, sums = wanted if isinstance(wanted, tuple) else (wanted, None)
    for name, value in exact.items():
        assert float(row(name)) == value, (key, name)
    if sums:
        assert float(row("mean")) == pytest.approx(sums[0], rel=1e-13) and float(row("deviation")) == pytest.approx(sums[1], rel=1e-9)


def test_every_number_of_the_table_is_numpys(shown, paper):
    _, conv, logits, labels = paper
    text = save(shown, "csv").decode()
    lines = text.split("\r\n")
    assert lines[1].startswith("# pandas.read_csv(")
    table = list(csv.DictReader(io.StringIO("\r\n".join(lines[2:]))))
    of = {"activations/conv": conv, "activations/logits": logits}
    assert len([row for row in table if row["layer"] == "activations/conv" and row["pinned"] == "false"]) == conv.shape[1]
    assert [int(row["neuron"]) for row in table if row["pinned"] == "true"] == [17, 3]
    for row in table:
        values = of[row["layer"]]
        neuron = int(row["neuron"])
        for c, name in enumerate(NAMES[:2]):
            own = values[labels == c, neuron]
            check(lambda figure: row[f"{name}: {figure}"], own, (row["layer"], neuron, name))
            finite = own[np.isfinite(own)]
            if len(finite):
                assert float(row[f"{name}: share of zeros"]) == (finite == 0).sum() / len(finite)
        medians = np.array([np.float32(np.median(v[np.isfinite(v)].astype("f8"))) if np.isfinite(v).any() else np.nan for v in values[labels == 0].T])
        if not np.isnan(medians[neuron]):
            assert float(row["sort_key"]) == float(medians[neuron]), "pinned ones, too"
            assert int(row["first_rank"]) == 1 + int(np.sum(medians > medians[neuron]) + np.sum(medians[:neuron] == medians[neuron]))
        else:
            assert row["sort_key"] == ""
        for instance, at in (("benign 0", 2), ("attacked 0", 5)):
            if np.isfinite(values[at, neuron]):
                assert {float(row[f"{instance}: {part}"]) for part in ("lowest", "mean", "highest")} == {float(values[at, neuron])}
        if row["layer"] == "activations/conv":
            assert (int(row["y"]), int(row["x"]), int(row["ch"])) == np.unravel_index(neuron, SHAPE)
        else:
            assert row["class"] == NAMES[neuron]


def test_the_figures_of_a_page_are_asked_for_at_once(shown):
    """A request a layer, not one a neuron."""
    asked = []
    shown.on("request", lambda request: asked.append(request.url) if "/neurons" in request.url else None)
    save(shown, "csv")
    assert len(asked) == 2 and all("/neurons?neurons=" in url for url in asked), asked[:5]


def test_pandas_reads_it_with_the_line_it_comes_with(shown):
    text = save(shown, "csv").decode()
    options = re.search(r"read_csv\(.*?, (.*)\)", text.split("\r\n")[1])[1]
    table = eval(f"pandas.read_csv(io.StringIO(text), {options})", {"pandas": pandas, "io": io, "text": text})
    assert {"neuron", "ant: median", "bee, small: zeros"} <= set(table.columns) and len(table) == 60 + 2 + 3


def test_json_has_the_counts_of_every_bin(shown, paper):
    _, conv, _, labels = paper
    data = json.loads(save(shown, "json"))
    layer = next(one for one in data["layers"] if one["layer"] == "conv")
    for row in layer["rows"]:
        for c, group in enumerate(row["groups"]):
            own = conv[labels == c, row["neuron"]]
            check(lambda figure: group["figures"][figure], own, row["neuron"])
            assert sum(group["counts"]) == np.isfinite(own).sum()
    assert layer["axis"]["binEdges"] == sorted(layer["axis"]["binEdges"])


@pytest.mark.parametrize("scale", ["1", "4"])
def test_png_is_as_large_as_asked_for_and_light(open_page, paper, scale):
    page = open_page(color_scheme="dark")
    page.goto(f"{paper[0]}#1;d=paper;l=conv;g=1,2;s0=m1~")
    sharp(page)
    facts = view(page, "conv")
    picture = save(page, "png", scale=scale, theme="light")
    width, height = (int.from_bytes(picture[16 + 4 * i:20 + 4 * i], "big") for i in range(2))
    box = page.locator("#column-conv canvas.plot").bounding_box()
    assert width == round((box["width"] + 40) * int(scale)), "four times as many pixels, not the same ones larger"
    assert height > 60 * float(facts["rowHeight"]) * int(scale)
    corner = painted(page, picture, """(_, context) => {
        return [...context.getImageData(3, 3, 1, 1).data.slice(0, 3)];
    }""")
    assert corner == [255, 255, 255]
    assert page.problems == []


def test_svg_opens_and_looks_like_the_page(shown, open_page, tmp_path):
    text = save(shown, "svg").decode()
    root = ET.fromstring(text)
    words = " ".join(element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text"))
    for word in ("conv", "logits", "ant", "bee, small", "benign 0", "median of ant", "Data: paper", "opacity"):
        assert word in words, word
    assert "127.0.0.1" not in text and "localhost" not in text, "a caption in the place of an address that nobody else can open"
    (tmp_path / "picture.svg").write_text(text)
    page = open_page()
    page.goto((tmp_path / "picture.svg").as_uri())
    box = page.locator("svg").first.bounding_box()
    # As coloured as the page's own plots: the densities are there, and so are the dots.
    image = page.screenshot()
    other = open_page()
    count = """(image, context) => {
        const { data } = context.getImageData(0, 0, image.width, image.height);
        let coloured = 0, red = 0;
        for (let i = 0; i < data.length; i += 4) {
            if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 24) coloured++;
            if (data[i] > 190 && data[i + 1] < 60 && data[i + 2] < 70) red++;
        }
        return [coloured, red];
    }"""
    coloured, red = painted(other, image, count)
    own = [pixels(shown, layer) for layer in ("conv", "logits")]
    assert box["width"] > 800
    assert coloured == pytest.approx(sum(one["coloured"] for one in own), rel=0.12)
    assert red == pytest.approx(sum(one["red"] for one in own), rel=0.35) and red > 300


def test_no_row_is_cut_whatever_the_screen(open_page, paper):
    heights = set()
    for height in (700, 733, 777):
        page = open_page(viewport={"width": 1200, "height": height})
        page.goto(f"{paper[0]}#1;d=paper;l=conv;g=1,2;s0=m1~;y0=2.4_20")
        sharp(page)
        facts = view(page, "conv")
        picture = save(page, "png", scale="1")
        rows = (int.from_bytes(picture[20:24], "big"), float(facts["rowHeight"]))
        heights.add(rows)
        text = save(page, "svg").decode()
        numbers = [int(t) for t in re.findall(r">(\d+)</text>", text)]
        assert len(numbers) > 20
    assert len(heights) == 3
