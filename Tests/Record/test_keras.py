"""The recorder for Keras 3, with the real framework on two backends: what it writes is what NumPy computes from the same weights."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras  # noqa: E402
from neural_divergence.keras import record  # noqa: E402
from neural_divergence.names import RecordingError  # noqa: E402
from neural_divergence.recording import Batches  # noqa: E402

X = np.random.default_rng(12).random((40, 6, 6, 1), np.float32)
Y = np.arange(40) % 3
BATCHES = Batches(16, inputs=X, labels=Y, pictures=X)


def functional():
    keras.utils.set_random_seed(5)
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Conv2D(2, 3, name="conv", activation="relu", bias_initializer="normal")(inputs)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(0.9)(x)
    x = keras.Sequential([keras.Input((32,)), keras.layers.Dense(4, name="dense", activation="tanh")], name="inner")(x)
    return keras.Model(inputs, keras.layers.Dense(3, name="head")(x))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = keras.layers.Dense(4, name="first")
        self.last = keras.layers.Dense(3, name="last")

    def call(self, x):
        return {"logits": self.last(keras.ops.relu(self.first(x)))}


def test_a_dump_is_what_numpy_computes(tmp_path, recorded, published):
    model = functional()
    kernel, bias, w, b, v, c = [np.asarray(one, np.float64) for one in model.get_weights()]
    path = record(model, BATCHES, tmp_path / "keras.h5", ["conv", "inner.dense", "head"], scores="head", class_names=["a", "b", "c"])
    found = recorded(path)
    conv = sum(X[:, i : i + 4, j : j + 4, :] * kernel[i, j, 0] for i in range(3) for j in range(3)) + bias
    conv = np.maximum(conv, 0)
    dense = np.tanh(conv.reshape(40, -1) @ w + b)
    assert list(found) == ["conv", "inner.dense", "head"]
    np.testing.assert_allclose(found["conv"], conv, atol=1e-5)
    np.testing.assert_allclose(found["inner.dense"], dense, atol=1e-5)
    np.testing.assert_allclose(found["head"], dense @ v + c, atol=1e-5)
    published(path, layers=3)
    assert "call" not in vars(model.get_layer("head"))  # left as it was


def test_a_model_of_a_class_that_returns_a_dictionary(tmp_path, recorded, published):
    x = X.reshape(40, -1)
    model = Subclassed()
    model(x[:1])
    w, b, v, c = [np.asarray(one, np.float64) for one in model.get_weights()]
    path = record(model, Batches(16, inputs=x, labels=Y), tmp_path / "sub.h5", ["*", "output"], scores="output")
    found = recorded(path)
    np.testing.assert_allclose(found["first"], x @ w + b, atol=1e-5)
    np.testing.assert_allclose(found["output"], np.maximum(x @ w + b, 0) @ v + c, atol=1e-5)
    published(path, layers=3)


def test_a_wrong_pattern_is_told_the_nearest_names(tmp_path):
    with pytest.raises(RecordingError, match="Nearest: .*inner.dense"):
        record(functional(), BATCHES, tmp_path / "a.h5", "dense")


def test_a_data_set_that_shuffles_is_refused(tmp_path):
    class Shuffled(keras.utils.PyDataset):
        shuffle = True

        def __len__(self):
            return 1

        def __getitem__(self, place):
            return X, Y

    with pytest.raises(RecordingError, match="shuffles"):
        record(functional(), Shuffled(), tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


def test_the_same_with_another_backend():
    if os.environ["KERAS_BACKEND"] == "torch":
        return
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", __file__], cwd=pathlib.Path(__file__).parent, env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True, text=True, timeout=600)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
