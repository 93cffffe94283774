"""The recorder for PyTorch, with the real framework: what it writes is what NumPy computes from the same weights."""

import warnings

import h5py
import numpy as np
import pytest
import torch
import zarr
from neural_divergence.hdf5 import from_bfloat16, to_bfloat16
from neural_divergence.names import RecordingError
from neural_divergence.pytorch import record
from neural_divergence.recording import Batches
from torch import nn

NAMES = ["ankle boot", "bag", "coat"]


class Small(nn.Module):
    """A convolution whose output is changed in place, dropout that must be off, and two dense layers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.9)
        self.head = nn.Sequential(nn.Linear(3 * 36, 5), nn.Tanh(), nn.Linear(5, 3))

    def forward(self, x):
        return self.head(self.drop(self.relu(self.conv(x))).flatten(1))


@pytest.fixture
def model():
    torch.manual_seed(7)
    return Small().train()


@pytest.fixture
def data(rng):
    return rng.random((50, 1, 8, 8), np.float32), rng.integers(0, 3, 50)


def numpy_layers(model, x):
    """All layers in float64, in the plainest way."""
    w = {name: value.detach().numpy().astype(np.float64) for name, value in model.state_dict().items()}
    conv = np.zeros((len(x), 3, 6, 6))
    for c in range(3):
        for i in range(3):
            for j in range(3):
                conv[:, c] += w["conv.weight"][c, 0, i, j] * x[:, 0, i : i + 6, j : j + 6]
        conv[:, c] += w["conv.bias"][c]
    relu = np.maximum(conv, 0)
    first = relu.reshape(len(x), -1) @ w["head.0.weight"].T + w["head.0.bias"]
    tanh = np.tanh(first)
    return {"conv": conv, "relu": relu, "head.0": first, "head.1": tanh, "head": tanh @ w["head.2.weight"].T + w["head.2.bias"]}


TOLERANCE = {None: 1e-6, "float16": 2e-3, "bfloat16": 2e-2, "float32": 1e-6}


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_dump_is_what_numpy_computes(model, data, tmp_path, recorded, published, dtype):
    x, y = data
    expected = numpy_layers(model, x.astype(np.float64))
    path = record(
        model, Batches(16, inputs=torch.from_numpy(x), labels=y, pictures=x), tmp_path / "small.h5", layers=["conv", "relu", "head", "head.?"],
        scores="head", class_names=NAMES, dtype=dtype)  # fmt: skip
    found = recorded(path)
    assert list(found) == ["conv", "relu", "head.0", "head.1", "head.2", "head"]  # as they are called
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype], err_msg=name)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["labels"], y)
        np.testing.assert_array_equal(file["predictions"], expected["head"].argmax(1))
        np.testing.assert_array_equal(file["pictures"][..., 0], np.floor(x[:, 0].astype(np.float64) * 255 + 0.5))
        assert file["activations/conv"].attrs["axes"] == file["activations/relu"].attrs["axes"] == "NCHW"
    published(path, layers=6)
    assert model.training and model.drop.training


def test_the_store_has_codes_pictures_and_scores(model, data, tmp_path, published):
    x, y = data
    path = record(
        model, Batches(16, inputs=torch.from_numpy(x), labels=y, pictures=x, texts=[f"input {i}" for i in range(50)],
                       columns={"age": np.arange(50) / 2, "split": ["ab"[i % 2] for i in range(50)]}),
        tmp_path / "small.h5", scores="head", class_names=NAMES,
        instances={"benign": {"inputs": x[:2], "labels": y[:2], "pictures": x[:2]}, "attacked": {"inputs": 1 - x[:2], "pictures": 1 - x[:2]}},
    )  # fmt: skip
    store = zarr.open_group(str(published(path, layers=4)), mode="r")
    assert all(layer["codes"] == "columns" for layer in store.attrs["layers"])
    table = store["rows"]
    np.testing.assert_allclose(table["scores"], numpy_layers(model, x.astype(np.float64))["head"], atol=1e-5)
    np.testing.assert_array_equal(table["pictures"][..., 0], np.floor(x[:, 0].astype(np.float64) * 255 + 0.5))
    assert [column["name"] for column in table.attrs["columns"]] == ["age", "split"]
    assert bytes(table["texts/bytes"][:])[:7] == b"input 0"
    assert [(one["kind"], one["pair"]) for one in store.attrs["instances"]] == [("benign", 0), ("benign", 1), ("attacked", 0), ("attacked", 1)]
    assert store.attrs["instances"][0]["label"] == NAMES[y[0]]
    assert [group["name"] for group in store.attrs["groups"]] == ["all", *NAMES]


def test_positions_are_reduced_as_told(model, data, tmp_path, published):
    x, y = data
    path = record(
        model, Batches(16, inputs=torch.from_numpy(x), labels=y), tmp_path / "small.h5", layers=["conv", "relu", "head"],
        reduce={"*": "max", "relu": "samples"})  # fmt: skip
    store = zarr.open_group(str(published(path, layers=3)), mode="r")
    assert [layer["reduce"] for layer in store.attrs["layers"]] == ["max", "samples", "flatten"]  # head has no positions
    with pytest.raises(RecordingError, match="reduce is 'sum'"):
        record(model, [x], tmp_path / "other.h5", reduce="sum")


def test_a_loader_keeps_its_order_and_may_have_a_short_last_batch(model, data, tmp_path, recorded):
    x, y = data
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y)), batch_size=16)
    path = record(model, loader, tmp_path / "small.h5", layers="conv")
    np.testing.assert_allclose(recorded(path)["conv"], numpy_layers(model, x.astype(np.float64))["conv"], atol=1e-6)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["labels"], y)


def test_a_loader_that_shuffles_is_refused(model, data, tmp_path):
    of = torch.utils.data
    rows = of.TensorDataset(torch.from_numpy(data[0]))
    part = of.DistributedSampler(rows, num_replicas=1, rank=0, shuffle=True)
    in_batches = of.BatchSampler(of.RandomSampler(rows), 16, drop_last=False)
    for loader in (of.DataLoader(rows, shuffle=True), of.DataLoader(rows, sampler=part), of.DataLoader(rows, batch_sampler=in_batches)):
        with pytest.raises(RecordingError, match="shuffles.*shuffle=False"):
            record(model, loader, tmp_path / "small.h5")
    assert list(tmp_path.iterdir()) == []


def test_what_makes_no_batches_is_refused(model, data, tmp_path):
    x, y = map(torch.from_numpy, data)
    with pytest.raises(RecordingError, match=r"a data set, and no batches.*DataLoader\(data, batch_size=64\)"):
        record(model, torch.utils.data.TensorDataset(x, y), tmp_path / "small.h5")
    for arrays in (x, (x, y), data):
        with pytest.raises(RecordingError, match=r"whole arrays, and no batches.*Batches\(64"):
            record(model, arrays, tmp_path / "small.h5")
    assert list(tmp_path.iterdir()) == []
    record(model, (x[:16], x[16:32]), tmp_path / "small.h5")  # a tuple of batches


def test_a_network_in_a_wrapper_has_its_own_names(model, data, tmp_path, recorded):
    x = torch.from_numpy(data[0])
    for number, wrapped in enumerate((torch.compile(model), nn.DataParallel(model), torch.compile(nn.DataParallel(model)))):
        path = record(wrapped, [x], tmp_path / f"{number}.h5", layers=["conv", "head.?"])
        np.testing.assert_allclose(recorded(path)["conv"], numpy_layers(model, data[0].astype(np.float64))["conv"], atol=1e-6)
    assert model.training


def test_a_wrong_pattern_is_told_the_nearest_names(model, data, tmp_path):
    with pytest.raises(RecordingError, match=r"No layer is called 'haed'\. Nearest: head"):
        record(model, [torch.from_numpy(data[0])], tmp_path / "small.h5", layers=["conv", "haed"])
    with pytest.raises(RecordingError, match=r"No layer is called '0'\. Nearest: head\.0"):
        record(model, [torch.from_numpy(data[0])], tmp_path / "small.h5", layers="0")
    assert list(tmp_path.iterdir()) == []


class Dictionaries(nn.Module):
    """What Hugging Face's models do: inputs by name, a dictionary out, tuples between the layers."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 6)
        self.lstm = nn.LSTM(6, 4)
        self.mix = nn.Bilinear(4, 4, 2)

    def forward(self, input_ids, attention_mask):
        hidden, (last, _) = self.lstm(self.embed(input_ids).transpose(0, 1))
        return {"logits": self.mix(last[0], last[0] * attention_mask.float().mean(1, keepdim=True)), "hidden": hidden.transpose(0, 1)}


def test_dictionaries_tuples_and_several_inputs(rng, tmp_path, recorded, published):
    torch.manual_seed(1)
    model = Dictionaries()
    ids, mask = rng.integers(0, 20, (21, 5)), np.arange(5) < rng.integers(2, 6, (21, 1))
    batches = [{"input_ids": torch.from_numpy(ids[i : i + 8]), "attention_mask": torch.from_numpy(mask[i : i + 8]), "labels": ids[i : i + 8, 0] % 2} for i in (0, 8, 16)]
    path = record(model, batches, tmp_path / "d.h5", layers=["embed", "lstm", "output"], scores="output[logits]")
    found = recorded(path)
    assert list(found) == ["embed", "lstm[0]", "lstm[1][0]", "lstm[1][1]", "output[logits]", "output[hidden]"]
    np.testing.assert_array_equal(found["lstm[1][0]"][:, 0], found["lstm[0]"][:, -1])  # the last state
    np.testing.assert_allclose(found["embed"], model.embed.weight.detach().numpy()[ids], rtol=1e-6)
    np.testing.assert_allclose(found["lstm[0]"], found["output[hidden]"])  # rows first, whatever the layer does
    with torch.no_grad():
        np.testing.assert_allclose(found["output[logits]"], model(torch.from_numpy(ids), torch.from_numpy(mask))["logits"], atol=1e-6)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["mask"], mask)
    store = zarr.open_group(str(published(path, layers=None)), mode="r")
    by_name = {layer["name"]: layer for layer in store.attrs["layers"]}
    assert [by_name[name]["reduce"] for name in found] == ["samples", "samples", "flatten", "flatten", "flatten", "samples"]
    statistics = store[f"layers/{by_name['embed']['id']}/statistics"]
    assert (statistics["count"][0] == mask.sum()).all()  # padding is not counted
    np.testing.assert_allclose(statistics["mean"][0], found["embed"][mask].mean(0), atol=1e-6)


def test_what_has_no_rows_is_left_out_with_a_word(tmp_path, recorded):
    class Routed(nn.Module):
        def forward(self, x):
            return x * 2, x.mean()

    model = nn.Sequential()
    model.add_module("route", Routed())
    model.add_module("pick", nn.Identity())
    with pytest.warns(UserWarning, match=r"route\[1\].*left out"):
        path = record(model, [torch.ones(5, 3)], tmp_path / "r.h5", layers="route")
    np.testing.assert_array_equal(recorded(path)["route[0]"], np.full((5, 3), 2))


def test_a_batch_of_more_than_two_is_asked_about(data, tmp_path):
    two = nn.Bilinear(4, 4, 3)
    batch = (torch.ones(5, 4), torch.ones(5, 4), torch.zeros(5))
    wrapped = nn.Sequential()
    wrapped.add_module("mix", two)
    with pytest.raises(RecordingError, match="unpack=lambda"):
        record(two, [batch], tmp_path / "two.h5", layers="output")
    record(two, [batch], tmp_path / "two.h5", layers="output", unpack=lambda b: {"inputs": b[:2], "labels": b[2]})
    with h5py.File(tmp_path / "two.h5") as file:
        assert file["activations/output"].shape == (5, 3)


def test_a_layer_without_the_rows_first_is_refused(tmp_path):
    class Folded(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            return self.inner(x.reshape(-1, 4)).reshape(len(x), -1)

    with pytest.raises(RecordingError, match=r"inner puts out \(15, 4\) for 5 rows"):
        record(Folded(), [torch.ones(5, 12)], tmp_path / "f.h5", layers="inner")


def test_what_a_pattern_finds_beside_the_layers_is_left_out_with_a_word(tmp_path, recorded):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.unused, self.folded, self.last = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(2, 2), nn.Linear(4, 3)

        def forward(self, x):
            return self.last(self.folded(self.first(x).reshape(-1, 2)).reshape(len(x), -1))

    with pytest.warns(UserWarning) as told:
        path = record(Model(), [torch.ones(5, 4)], tmp_path / "m.h5")
    words = " ".join(str(one.message) for one in told)
    assert "folded, of shape (10, 2), is left out" in words and "does not call them or they put out no array: unused" in words
    assert list(recorded(path)) == ["first", "last"]
    with pytest.raises(RecordingError, match=r"Not called by the model, or without an array: unused\."):
        record(Model(), [torch.ones(5, 4)], tmp_path / "n.h5", layers=["*", "unused"])


def test_batches_of_other_lengths_of_text_are_refused(tmp_path):
    with pytest.raises(RecordingError, match="pad texts to one length"):
        record(nn.Sequential(nn.Embedding(9, 4)), [torch.ones(5, 12, dtype=int), torch.ones(5, 13, dtype=int)], tmp_path / "f.h5", layers="0")


def test_what_float16_cannot_hold_is_told(tmp_path, recorded):
    model = nn.Sequential(nn.Linear(2, 2, bias=False))
    model[0].weight.data = torch.tensor([[1.0, 0.0], [0.0, 70000.0]])
    x = torch.arange(8.0).reshape(4, 2)
    with pytest.warns(UserWarning) as told:
        path = record(model, [x], tmp_path / "f.h5", layers="0", dtype="float16")
    words = [str(one.message) for one in told]
    assert any("4.9e+05, beyond float16" in one for one in words) and any("0: 4 values" in one for one in words)
    assert np.isinf(recorded(path)["0"][:, 1]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = record(model, [x], tmp_path / "b.h5", layers="0", dtype={"*": "float16", "0": "bfloat16"})
    np.testing.assert_allclose(recorded(path)["0"], x * torch.tensor([1, 70000.0]), rtol=5e-3)


def test_a_network_in_bfloat16_is_recorded_as_such(rng, tmp_path, recorded, published):
    model = nn.Sequential(nn.Linear(6, 4)).to(torch.bfloat16)
    x = torch.from_numpy(rng.standard_normal((30, 6), np.float32)).to(torch.bfloat16)
    path = record(model, Batches(8, inputs=x, labels=np.arange(30) % 2), tmp_path / "b.h5", layers="0")
    with torch.no_grad():
        np.testing.assert_array_equal(recorded(path)["0"], model(x).float())
    published(path, layers=1)


def test_inputs_go_to_the_device_of_the_model_and_layers_come_back(model, data, tmp_path, monkeypatch):
    """There is no second device here: what would be moved is written down instead."""
    x, _ = data
    moves = []
    real = torch.Tensor.to
    def moved(self, *arguments, **named):
        moves.append((arguments, named))
        return real(self, *arguments, **named)

    monkeypatch.setattr(torch.Tensor, "to", moved)
    record(model, [torch.from_numpy(x[:4])], tmp_path / "m.h5", layers=["conv", "head"])
    assert ((torch.device("cpu"),), {}) in moves
    assert moves.count(((), {"device": "cpu", "copy": True})) == 0 and sum(m == (("cpu",), {"copy": True}) for m in moves) >= 2


def test_another_model_does_not_go_on_with_a_recording(model, data, tmp_path):
    x, y = data

    def stopping():
        yield torch.from_numpy(x[:16]), y[:16]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(model, stopping(), tmp_path / "s.h5", layers="conv")
    assert not (tmp_path / "s.h5").exists() and (tmp_path / "s.h5.partial").is_dir()
    with pytest.raises(RecordingError, match="another one: weights differ"):
        record(Small(), Batches(16, inputs=torch.from_numpy(x), labels=y), tmp_path / "s.h5", layers="conv")
    with pytest.raises(RecordingError, match="Batch 0 is not the one"):
        record(model, Batches(16, inputs=torch.from_numpy(x[::-1].copy()), labels=y), tmp_path / "s.h5", layers="conv")
    record(model, Batches(16, inputs=torch.from_numpy(x), labels=y), tmp_path / "s.h5", layers="conv")
    with h5py.File(tmp_path / "s.h5") as file:
        np.testing.assert_array_equal(file["labels"], y)
        np.testing.assert_allclose(file["activations/conv"], numpy_layers(model, x.astype(np.float64))["conv"], atol=1e-6)
    with pytest.raises(RecordingError, match="is there already"):
        record(model, [torch.from_numpy(x)], tmp_path / "s.h5", layers="conv")


def test_bfloat16_rounds_to_the_nearest(rng):
    values = np.concatenate([(rng.standard_normal(10_000) * 10.0 ** rng.integers(-30, 30, 10_000)).astype(np.float32), np.float32([0, -0.0, np.inf, -np.inf, np.nan, 3.4e38, 1e-45])])
    np.testing.assert_array_equal(from_bfloat16(to_bfloat16(values)), torch.from_numpy(values).bfloat16().float().numpy())
