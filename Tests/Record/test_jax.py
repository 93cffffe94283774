"""The recorder for JAX and Flax, with the real frameworks: what it writes is what NumPy computes from the same weights."""

import flax.linen as linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from neural_divergence.jax import record
from neural_divergence.names import RecordingError
from neural_divergence.recording import Batches

X = np.random.default_rng(11).standard_normal((40, 6)).astype(np.float32)
Y = np.arange(40) % 3
BATCHES = Batches(16, inputs=X, labels=Y)


class Block(linen.Module):
    @linen.compact
    def __call__(self, x):
        return linen.Dense(5)(x)


class Linen(linen.Module):
    @linen.compact
    def __call__(self, x, train=True):
        x = linen.relu(Block()(x))
        x = linen.Dropout(0.9, deterministic=not train)(x)
        return linen.Dense(3)(x)


class Nnx(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Linear(6, 5, rngs=rngs)
        self.drop = nnx.Dropout(0.9, rngs=rngs)
        self.last = nnx.Linear(5, 3, rngs=rngs)

    def __call__(self, x):
        return self.last(self.drop(nnx.relu(self.first(x))))


def numpy_layers(first, last):
    (w, b), (v, c) = [(np.asarray(p["kernel"], np.float64), np.asarray(p["bias"], np.float64)) for p in (first, last)]
    a = X.astype(np.float64) @ w + b
    return a, np.maximum(a, 0) @ v + c


def test_linen_is_what_numpy_computes(tmp_path, recorded, published):
    model = Linen()
    variables = model.init(jax.random.key(0), X, train=False)
    path = record(model, BATCHES, tmp_path / "linen.h5", ["Block_0", "Block_0.*", "Dense_0"], variables=variables, arguments={"train": False}, scores="Dense_0", class_names=["a", "b", "c"])
    found = recorded(path)
    assert sorted(found) == ["Block_0", "Block_0.Dense_0", "Dense_0"]
    first, last = numpy_layers(variables["params"]["Block_0"]["Dense_0"], variables["params"]["Dense_0"])
    np.testing.assert_allclose(found["Block_0.Dense_0"], first, atol=1e-5)
    np.testing.assert_allclose(found["Block_0"], first, atol=1e-5)
    np.testing.assert_allclose(found["Dense_0"], last, atol=1e-5)
    published(path, layers=3)


def test_nnx_is_what_numpy_computes(tmp_path, recorded, published):
    model = Nnx(nnx.Rngs(0))
    path = record(model, BATCHES, tmp_path / "nnx.h5", ["first", "last"], scores="last")
    found = recorded(path)
    first, last = numpy_layers(*[{"kernel": one.kernel[...], "bias": one.bias[...]} for one in (model.first, model.last)])
    np.testing.assert_allclose(found["first"], first, atol=1e-5)
    np.testing.assert_allclose(found["last"], last, atol=1e-5)
    assert not model.drop.deterministic  # left as it was
    published(path, layers=2)


def test_a_function_that_returns_its_layers(tmp_path, recorded, published):
    def network(x):
        hidden = jnp.tanh(x * 2)
        return hidden.sum(1, keepdims=True), {"hidden": hidden, "half": hidden.astype(jnp.bfloat16)}

    path = record(network, BATCHES, tmp_path / "f.h5", ["h*", "output"])
    found = recorded(path)
    np.testing.assert_allclose(found["hidden"], np.tanh(X * 2), atol=1e-6)
    np.testing.assert_allclose(found["half"], np.tanh(X * 2), atol=4e-3)
    np.testing.assert_allclose(found["output"], np.tanh(X * 2).sum(1, keepdims=True), atol=1e-5)
    published(path, layers=3)


def test_everyday_errors(tmp_path):
    model = Linen()
    variables = model.init(jax.random.key(0), X, train=False)
    with pytest.raises(RecordingError, match="needs its variables"):
        record(model, BATCHES, tmp_path / "a.h5")
    with pytest.raises(RecordingError, match="No layer is called 'Dens_0'. Nearest: .*Dense_0"):
        record(model, BATCHES, tmp_path / "a.h5", "Dens_0", variables=variables, arguments={"train": False})
    with pytest.raises(RecordingError, match="a function that returns its layers"):
        record("model", BATCHES, tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_loader_of_pytorch_that_shuffles_is_refused(tmp_path):
    import torch

    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    with pytest.raises(RecordingError, match="shuffles"):
        record(lambda x: {"twice": x * 2}, torch.utils.data.DataLoader(rows, batch_size=16, shuffle=True), tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []
