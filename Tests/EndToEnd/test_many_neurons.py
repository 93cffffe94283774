"""Exact counts of many neurons in one answer: what single answers say, and what NumPy counts. And neurons whose keys are equal."""

import json
import urllib.parse

import numpy as np
import pytest
from serving import Server
from test_moment import at, moment, moment_served

__all__ = ["moment", "moment_served"]


@pytest.fixture
def served(moment, moment_served):
    values, facts, _ = moment
    server, url, _ = moment_served
    return server, f"{url}/layers/fc", values, facts


@pytest.mark.parametrize("query", ["", "groups=0,2", "groups=1&instances=row%203,row%20699", "groups=&instances=&where=label%20!=%20prediction", "groups=0&where=row%20<%2050&sample=64"])
def test_one_answer_says_of_many_neurons_what_single_ones_say(served, query):
    server, base, values, _ = served
    neurons = [n for n in range(values.shape[1]) if n != 2]
    listed = ",".join(map(str, reversed(neurons + neurons[:2])))
    answer = server.json(f"{base}/neurons?neurons={listed}&{query}")
    single = [server.json(f"{base}/neurons/{n}?{query}") for n in neurons]
    assert answer == {"layer": "fc", "neurons": single}
    assert any(group.get("counts") for one in single for group in one["groups"])


def test_counts_are_numpys(served):
    server, base, values, facts = served
    answer = server.json(f"{base}/neurons?neurons={','.join(map(str, range(values.shape[1])))}&groups=0,1&instances=")
    for one, own in zip(answer["neurons"], values.T, strict=True):
        start, width = one["grid"]["origin"], 2.0 ** one["grid"]["exponent"]
        for group, holds in zip(one["groups"], (np.ones(len(own), bool), facts["label"] == 0), strict=True):
            finite = own[holds & np.isfinite(own)].astype(float)
            assert (group["count"], group["zeros"], sum(group["counts"])) == (len(finite), (finite == 0).sum(), len(finite))
            bins = np.clip(np.floor(finite / width) - start, 0, 255).astype(int)
            assert np.array_equal(group["counts"], np.bincount(bins, minlength=256))


def test_what_is_too_much_or_not_there_is_refused_with_what_to_do(served):
    server, base, values, _ = served
    n = values.shape[1]
    for query, status, words in [
        ("", 400, "neurons is missing: at most 256 indices"), ("neurons=", 400, "neurons is missing"), ("neurons=x", 400, "indices, comma-separated"),
        (f"neurons={n}", 404, f"there are {n}"), ("neurons=" + ",".join(["0"] * 257), 400, "at most 256"), ("neurons=0&groups=99", 404, "groups names 99"),
        ("neurons=0&a=0&b=1", 400, "Unknown parameter"),
    ]:
        found, _, body = server.get(f"{base}/neurons?{query}")
        assert found == status and words in json.loads(body)["detail"], (query, body)


def test_an_answer_has_no_more_histograms_than_are_told(dump, precompute, values):
    labels = np.arange(80) % 40
    store = precompute(dump({"fc": values(80, 256)}, labels))
    with Server(store.parent.parent) as server:
        base = server.json("/api/v1/datasets/dump")["url"] + "/layers/fc"
        listed = ",".join(map(str, range(256)))
        assert len(server.json(f"{base}/neurons?neurons={listed}&groups={','.join(map(str, range(16)))}")["neurons"]) == 256
        for more in ("&groups=" + ",".join(map(str, range(17))), "&groups=" + ",".join(map(str, range(16))) + "&where=row%20<%203", "&groups=0,1,2,3,4&instances=" + ",".join(f"row%20{row}" for row in range(64))):
            status, _, body = server.get(f"{base}/neurons?neurons={listed}{more}")
            assert status == 400, more
        assert "4096 histograms" in json.loads(server.get(f"{base}/neurons?neurons={listed}")[2])["detail"]


@pytest.mark.parametrize("direction", ["ascending", "descending"])
@pytest.mark.parametrize("order", ["median(cat)", "zeros(dog)", "difference(median(cat),median(dog))", "mean(where:(row < 40))", "index"])
def test_ties_are_the_ranks_with_the_same_key(served, order, direction):
    server, base, values, _ = served
    neurons = values.shape[1]
    query = f"order={urllib.parse.quote(order)}&direction={direction}"
    body = server.get(f"{base}/rows/0/0?{query}&instances=")[2]
    keys = np.frombuffer(body[32 + 4 * neurons:32 + 12 * neurons], "<f8")
    for rank, key in enumerate(keys):
        same = np.flatnonzero((keys == key) | (np.isnan(keys) & np.isnan(key)))
        found = server.json(f"{base}/find?{query}&rank={rank}&ties=all")
        assert found["ties"] == {"from": same[0], "count": len(same)}
        assert "ties" not in server.json(at(f"{base}/find", None, order=order, direction=direction, rank=rank))
    assert len(np.unique(keys)) < neurons or not order.startswith("zeros"), "some are equal"
    assert server.get(f"{base}/find?{query}&ties=some")[0] == 400
