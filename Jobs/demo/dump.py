"""Writing a dump: the HDF5 file that `divergence inspect` and `divergence precompute` read.

    activations/LAYER                    [row, ...]        test pictures, in the data set's order
    labels, predictions                  [row]             int64
    images                               [row, 28, 28]     uint8, the test pictures themselves
    class_names                          [class]           text
    instances/KIND/images                [pair, 28, 28]    uint8; KIND is benign or attacked
    instances/KIND/activations/LAYER     [pair, ...]
    instances/true_label                 [pair]            int64, as are the next four
    instances/benign_prediction, instances/attacked_prediction
    instances/source_row                 [pair]            row of the benign picture above, or -1
    instances/pixel                      [pair, 3]         row, column and new grey value of the changed pixel

libver stays at h5py's default: files of libver="latest" cannot be read by libhdf5 1.10.
"""

import os

import h5py
import numpy as np

from attack import apply
from fashion import CLASS_NAMES
from network import CONVOLUTIONS, FORWARD_ROWS, activation_blocks

CHUNK_BYTES_MAX = 1 << 20


def write(path, parameters, images, labels, attacks, layers, precision, level, attributes):
    """Writes a dump beside `path`, then renames it: a killed run leaves no half file under the real name.

    images: uint8 [row, 28, 28] and labels [row] of the rows to dump, attacks: one `Attack` a pair, layers: names of
    those to keep, precision: dtype of all layers but the logits (these stay float32, so that their largest entry is
    the prediction to the last bit), level: of gzip, attributes: of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with h5py.File(partial, "w") as file:
        file.attrs.update(attributes)
        logits = write_layers(file.create_group("activations"), parameters, images, layers, precision, level)
        file["labels"] = labels.astype(np.int64)
        file["predictions"] = logits.argmax(1)
        file["class_names"] = CLASS_NAMES
        write_pictures(file, images)
        write_pairs(file.create_group("instances"), parameters, images, attacks, layers, precision, level)
    os.replace(partial, path)


def write_layers(group, parameters, images, layers, precision, level):
    """Streams the layers' activations of all images into `group`; returns the logits float32 [row, class]."""
    logits = []
    for start, activations in activation_blocks(parameters, images):
        for name in layers:
            block = activations[name].astype(precision if name != "logits" else np.float32)
            if start == 0:
                create_layer(group, name, (len(images), *block.shape[1:]), block.dtype, level)
            group[name][start : start + len(block)] = block
        logits.append(activations["logits"])
    return np.concatenate(logits)


def write_pictures(file, images):
    """The rows' pictures, in chunks of 64."""
    file.create_dataset("images", data=images, chunks=(min(64, len(images)), *images.shape[1:]), shuffle=True, compression="gzip", compression_opts=9)


def create_layer(group, name, shape, dtype, level):
    """An empty dataset with gzip+shuffle chunks of whole rows, at most 1 MiB each."""
    dataset = group.create_dataset(
        name,
        shape,
        dtype,
        chunks=(chunk_rows(shape, dtype), *shape[1:]),
        shuffle=True,
        compression="gzip",
        compression_opts=level,
    )
    dataset.attrs["axes"] = "NHWC" if name in CONVOLUTIONS else "NU"


def chunk_rows(shape, dtype):
    """A power of two that divides FORWARD_ROWS, so that no chunk is compressed twice while streaming."""
    row_bytes = int(np.prod(shape[1:])) * np.dtype(dtype).itemsize
    rows = FORWARD_ROWS
    while rows > 1 and (rows * row_bytes > CHUNK_BYTES_MAX or rows > shape[0]):
        rows //= 2
    return rows


def write_pairs(group, parameters, images, attacks, layers, precision, level):
    """Pictures, activations and what is known of every pair; row i of every dataset is pair i.

    images: those of the dump; every attack's benign picture is among them.
    """
    benign = np.stack([images[attack.row] for attack in attacks])
    attacked = np.stack([apply(attack, images[attack.row]) for attack in attacks])
    for kind, pictures in (("benign", benign), ("attacked", attacked)):
        own = group.create_group(kind)
        own["images"] = pictures
        logits = write_layers(own.create_group("activations"), parameters, pictures, layers, precision, level)
        group[f"{kind}_prediction"] = logits.argmax(1)
    group["true_label"] = np.array([attack.label for attack in attacks])
    group["source_row"] = np.array([attack.row for attack in attacks])
    group["pixel"] = np.array([(*attack.place, attack.new) for attack in attacks])


def check(path):
    """Opens a dump again, prints what is in it, and raises when it contradicts itself."""
    with h5py.File(path, "r") as file:
        file.visititems(describe)
        activations, instances = file["activations"], file["instances"]
        rows, pairs = len(file["labels"]), len(instances["true_label"])
        for group, length in (
            (activations, rows),
            (instances["benign/activations"], pairs),
            (instances["attacked/activations"], pairs),
        ):
            require(all(len(layer) == length for layer in group.values()), f"{group.name}: layers differ in length")
        require_same(activations["logits"][:].argmax(1), file["predictions"][:], "predictions")
        for kind in ("benign", "attacked"):
            named = instances[f"{kind}_prediction"][:]
            require_same(instances[kind]["activations/logits"][:].argmax(1), named, f"{kind} predictions")
        require_same(instances["benign_prediction"][:], instances["true_label"][:], "benign pictures' predictions")
        require((instances["attacked_prediction"][:] != instances["true_label"][:]).all(), "an attack flips nothing")
        source = instances["source_row"][:]
        require_same(file["images"][:][source], instances["benign/images"][:], "benign pictures")
        for name, layer in activations.items():
            require_same(layer[:][source], instances["benign/activations"][name][:], f"benign {name}")
        check_pixels(instances)
    print(f"  {path.name}: {path.stat().st_size / 1e6:.1f} MB, {rows} rows, {pairs} pairs, consistent")


def check_pixels(instances):
    """The two pictures of every pair differ in exactly the one pixel named."""
    benign, attacked = instances["benign/images"][:], instances["attacked/images"][:]
    for pair, (y, x, value) in enumerate(instances["pixel"][:]):
        differing = np.argwhere(benign[pair] != attacked[pair]).tolist()
        require(differing == [[y, x]] and attacked[pair, y, x] == value, f"pair {pair} differs at {differing}")


def describe(name, item):
    """Prints one line for a dataset: path, shape, type, bytes as stored and as decoded."""
    if isinstance(item, h5py.Dataset):
        stored, decoded = item.id.get_storage_size(), item.size * item.dtype.itemsize
        print(f"  {name:42} {str(item.shape):22} {str(item.dtype):8} {stored:>12,} of {decoded:>13,} bytes")


def require_same(found, expected, what):
    require(np.array_equal(found, expected), f"{what} disagree in {np.count_nonzero(found != expected)} places")


def require(holds, complaint):
    if not holds:
        raise ValueError(f"the dump contradicts itself: {complaint}")
