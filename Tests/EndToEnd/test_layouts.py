"""Every way in which libhdf5 lays out a dataset, from the file to the store; the decoders alone are tested in HDF5Tests."""

import zlib

import h5py
import hdf5plugin
import numpy as np
import pytest

OPTIONS = {
    "none": {}, "gzip, shuffle, fletcher32": {"compression": "gzip", "shuffle": True, "fletcher32": True}, "lzf": {"compression": "lzf", "shuffle": True},
    "lz4": hdf5plugin.LZ4(), "zstd": hdf5plugin.Zstd(), "bitshuffle": hdf5plugin.Bitshuffle(cname="none"),
    "bitshuffle, lz4": hdf5plugin.Bitshuffle(cname="lz4"), "bitshuffle, zstd": hdf5plugin.Bitshuffle(cname="zstd")}  # fmt: skip


def compact(f, name, values, kind):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    made = h5py.h5d.create(f.id, name.encode(), kind, h5py.h5s.create_simple(values.shape), dcpl=properties)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, values)


def implicit(f, name, values):
    """A chunk index that is none: all chunks are allocated at once, one after the other."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((7, 3))
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    made = h5py.h5d.create(f.id, name.encode(), h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple(values.shape), dcpl=properties)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, values)


@pytest.mark.parametrize("version", [("earliest", "v108"), ("v108", "v108"), ("v110", "v110")])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_layouts(taken, tmp_path, values, version, options):
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w", libver=version) as f:
        compact(f, "labels", np.arange(60) % 3, h5py.h5t.STD_I16BE)
        f["contiguous"] = values(60, 7)
        compact(f, "compact", values(60, 4), h5py.h5t.IEEE_F32BE)
        implicit(f, "implicit", values(60, 8))
        f.create_dataset("single chunk", data=values(60, 5), chunks=(60, 5), **options)
        f.create_dataset("fixed array", data=values(60, 9, dtype=">f2"), chunks=(7, 4), **options)
        f.create_dataset("extensible array", data=values(60, 9, dtype="f8"), chunks=(7, 4), maxshape=(None, 9), **options)
        f.create_dataset("tree", data=(values(60, 9) * 9).astype(">i2"), chunks=(7, 4), maxshape=(None, None), **options)
        f.create_dataset("larger chunk than shape", data=values(60, 3), chunks=(100, 8), maxshape=(None, None), **options)
        f.create_dataset("shrunk", data=values(90, 12), chunks=(7, 5), maxshape=(None, None), **options).resize((60, 9))
        f.create_dataset("positions", data=values(60, 3, 4, 5), chunks=(9, 2, 3, 5), **options)
    taken(path, layers=10)


def test_written_row_by_row_for_readers_beside(taken, tmp_path, values):
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w", libver=("v110", "v110")) as f:
        layer = f.create_dataset("a", (0, 5), "f4", maxshape=(None, 5), chunks=(10, 5))
        f["labels"] = np.arange(47) % 3
        f.swmr_mode = True
        for row in range(47):
            layer.resize(row + 1, axis=0)
            layer[row] = values(5)
            layer.flush()
    taken(path)


def test_a_writer_that_has_not_closed_the_file(program, tmp_path, values):
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w", libver=("v110", "v110")) as f:
        f["a"], f["labels"] = values(40, 5), np.arange(40) % 3
        f.swmr_mode = True
        f.flush()
        paragraph = program.fails(74, "inspect", path)
    assert "open for writing" in paragraph or "another process" in paragraph
    program.ok("inspect", path)


def test_paged_files_tracked_orders_and_scales(taken, tmp_path, values):
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w", track_order=True, fs_strategy="page", fs_page_size=4096, fs_persist=True) as f:
        f["labels"], f["z"], f["b"] = np.arange(60) % 3, values(60, 7), values(60, 3)
        f["scale"] = np.arange(60.0)
        f["scale"].make_scale("sample")
        f["z"].dims[0].attach_scale(f["scale"])
        f["z"].dims[0].label = "sample"
    assert [l["name"] for l in taken(path, layers=2)[0]["layers"]] == ["z", "b"]  # as they were made, for the file keeps that order


@pytest.mark.parametrize("before", ["user block", "put before it"])
def test_files_that_begin_with_something_else(taken, dump, values, tmp_path, before):
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w", userblock_size=1024 if before == "user block" else 0) as f:
        f["a"], f["labels"] = values(40, 5), np.arange(40) % 3
        f.create_dataset("b", data=values(40, 7), chunks=(7, 3), compression="lzf")
    data = path.read_bytes()
    path.write_bytes(b"#" * 1024 + (data[1024:] if before == "user block" else data))
    taken(path, layers=2)


def test_chunks_that_went_without_some_filters(taken, tmp_path, values):
    path = tmp_path / "dump.h5"
    layer = values(60, 8)
    with h5py.File(path, "w") as f:
        f["labels"] = np.arange(60) % 3
        chunks = f.create_dataset("a", data=layer, chunks=(10, 8), compression="gzip", shuffle=True).id
        chunks.write_direct_chunk((10, 0), layer[10:20].tobytes(), 0b11)
        chunks.write_direct_chunk((20, 0), zlib.compress(layer[20:30].tobytes()), 0b01)
        chunks.write_direct_chunk((30, 0), np.frombuffer(layer[30:40].tobytes(), np.uint8).reshape(-1, 4).T.tobytes(), 0b10)
    taken(path)


def test_a_damaged_chunk_is_named(refused, tmp_path, values):
    path = tmp_path / "dump.h5"
    with h5py.File(path, "w") as f:
        f["labels"] = np.arange(60) % 3
        f.create_dataset("grp/a", data=values(60, 8), chunks=(10, 4), compression="gzip").id.write_direct_chunk((20, 4), b"garbage", 0)
    refused(path, words=[str(path), "/grp/a", "[20, 4]", "gzip"])


@pytest.mark.parametrize("axes", ["NCHW", "NHWC", "NTD", "NDT", "HWNC", "CNHW", "WHCN"])
@pytest.mark.parametrize("reduce", ["flatten", "max", "mean", "samples"])
def test_axes_and_what_becomes_of_positions(taken, dump, values, job, axes, reduce):
    extents = {"N": 40, "C": 3, "H": 4, "W": 5, "T": 6, "D": 7}
    layer = values(*(extents[a] for a in axes))
    layer.flat[layer.size // 3] = np.nan
    path = dump({"a": (layer, {"chunks": tuple(min(3, s) for s in layer.shape)})}, np.arange(40) % 3)
    taken(path, job=job(f"layers: [{{dataset: a, axes: {axes}, reduce: {reduce}}}]\ninstances: {{rows: [0, 39]}}", path))


@pytest.mark.parametrize("dtype", ["u1", "<i2"])
@pytest.mark.parametrize("reduce", ["flatten", "max", "mean", "samples"])
def test_whole_numbers_reduced(taken, dump, rng, job, dtype, reduce):
    """Means of whole numbers are not whole: their quartiles must be looked for within a bin."""
    path = dump({"a": rng.integers(0, 256, (90, 5, 2, 2)).astype(dtype)}, np.arange(90) % 3)
    taken(path, job=job(f"layers: [{{dataset: a, axes: NCHW, reduce: {reduce}}}]", path))


@pytest.mark.parametrize("dtype", ["<i8", ">u8", "<f8", "<u4"])
def test_numbers_that_no_float_holds(taken, dump, rng, dtype):
    if dtype == "<f8":
        layer = rng.choice([1e150, -1e150, 5e-324, -5e-324, 0, -0.0, 1 + 2**-52, np.nan, np.inf, -np.inf], (300, 9))
    else:
        layer = rng.integers(0 if "u" in dtype else -(2**63), 2**63 - 1, (300, 9)).astype(dtype)
    taken(dump({"a": layer}, np.arange(300) % 3))
