"""The demo: what `make demo` computes, compared with its dump; what `inspect` says of it."""

import json

import pytest
from programs import ROOT
from store_oracle import check

DUMP = ROOT / "Jobs" / "demo" / "fashion-small.h5"


def test_the_demo_store_equals_its_dump(precompute, program, tmp_path):
    store = precompute(ROOT / "Jobs" / "demo.yaml", name="fashion-mnist")
    assert check(store, [DUMP]) == 4
    assert "is whole" in program.ok("verify", store).stdout
    shown = json.loads(program.ok("show", store, "--json").stdout)
    assert shown["attributes"]["dataset"]["rows"] == 2000


def test_inspect_tells_the_demo_dump_in_plain_words(program):
    words = program.ok("inspect", DUMP).stdout
    for fact in ("2,000 rows", "conv_4", "6,272 neurons", "dense_1", "512 neurons", "logits", "10 classes", "sandal (195)",
                 "39 benign", "39 attacked", "/class_names"):
        assert fact in words, f"{fact!r} is not in:\n{words}"


def test_inspect_tells_it_to_programs(program):
    told = json.loads(program.ok("inspect", DUMP, "--json").stdout)
    assert [layer["neurons"] for layer in told["layers"]] == [6272, 512, 512, 10]


def test_export_names_where_it_comes_from(precompute, program):
    store = precompute(ROOT / "Jobs" / "demo.yaml", name="fashion-mnist")
    table = program.ok("export", store, "--layer", "dense_2", "--order", "difference(median(sandal),median(sneaker))",
                       "--groups", "sandal,sneaker", "--format", "csv").stdout
    lines = [line for line in table.splitlines() if not line.startswith("#")]
    assert len(lines) == 513 and "sandal" in table
    told = json.loads(program.ok("export", store, "--layer", "logits", "--format", "json").stdout)
    assert "fashion" in json.dumps(told)
