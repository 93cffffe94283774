"""What h5py lacks for recording: bfloat16 as a type, and opening again what a killed writer left behind."""

import pathlib
import struct

import h5py
import hdf5plugin
import numpy as np

# SWMR, under which a file on disk is consistent at every moment, needs this format at least; libhdf5 1.10 reads it.
LIBVER = ("v110", "v110")
COMPRESSIONS = ("lz4", "zstd", None)


def _bfloat16():
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_precision(16)
    kind.set_ebias(127)
    return kind


BFLOAT16 = _bfloat16()


def filters(compression):
    """Options of `create_dataset`: `lz4` and `zstd`, each after bitshuffle, which makes activations a good deal smaller."""
    return hdf5plugin.Bitshuffle(cname=compression) if compression else {}


def create(file, path, shape, dtype, chunks, compression, axes=None):
    """A dataset that grows along its first axis. `dtype`: a NumPy name, or bfloat16."""
    group = file.require_group(str(pathlib.PurePosixPath("/" + path).parent))
    kind = h5py.Datatype(BFLOAT16) if dtype == "bfloat16" else np.dtype(dtype)
    dataset = group.create_dataset(
        path.rsplit("/", 1)[-1], (0, *shape), kind, chunks=(chunks, *shape), maxshape=(None, *shape), **filters(compression))
    if axes:
        dataset.attrs["axes"] = axes
    return dataset


def write_rows(dataset, first, values, dtype):
    """Writes rows `first …`, making the dataset as long as that takes. Of bfloat16, `values` are the bits in uint16."""
    end = first + len(values)
    if len(dataset) < end:
        dataset.resize(end, axis=0)
    if dtype != "bfloat16":
        dataset[first:end] = values
        return
    place = dataset.id.get_space()
    place.select_hyperslab((first, *(0,) * (values.ndim - 1)), values.shape)
    dataset.id.write(h5py.h5s.create_simple(values.shape), place, np.ascontiguousarray(values), mtype=BFLOAT16)


def to_bfloat16(values):
    """The bits of the nearest bfloat16, ties to even, as uint16."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded)


def from_bfloat16(bits):
    """float32 of what `to_bfloat16` made."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def revive(path):
    """Makes a file usable again whose writer was killed: clears the mark "open for writing" of its superblock, and makes the file end
    where it says that it does, or says that it ends where it does. What SWMR wrote until then is consistent (HDF5 file format specification, II.A, version 3)."""
    with open(path, "r+b") as file:
        head = file.read(48)
        if len(head) < 48 or head[:9] != b"\x89HDF\r\n\x1a\n\x03" or head[9:11] != b"\x08\x08":
            raise ValueError("its beginning is not that of an HDF5 file")
        size = file.seek(0, 2)
        end = max(struct.unpack("<Q", head[28:36])[0], size)
        if size < end:  # the disk was full: what is missing was never counted as recorded
            file.truncate(end)
        head = head[:11] + b"\0" + head[12:28] + struct.pack("<Q", end) + head[36:44]
        file.seek(0)
        file.write(head + struct.pack("<I", lookup3(head)))


def lookup3(data):
    """Jenkins's hash by which HDF5 guards its metadata."""
    mask = 0xFFFFFFFF

    def turn(value, by):
        return (value << by | value >> (32 - by)) & mask

    a = b = c = (0xDEADBEEF + len(data)) & mask
    while len(data) > 12:
        x, y, z = struct.unpack("<III", data[:12])
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        for by_a, by_b, by_c in ((4, 6, 8), (16, 19, 4)):
            a = ((a - c) & mask) ^ turn(c, by_a)
            c = (c + b) & mask
            b = ((b - a) & mask) ^ turn(a, by_b)
            a = (a + c) & mask
            c = ((c - b) & mask) ^ turn(b, by_c)
            b = (b + a) & mask
        data = data[12:]
    x, y, z = struct.unpack("<III", data.ljust(12, b"\0"))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    for turned, by in (("c", 14), ("a", 11), ("b", 25), ("c", 16), ("a", 4), ("b", 14), ("c", 24)):
        if turned == "c":
            c = ((c ^ b) - turn(b, by)) & mask
        elif turned == "a":
            a = ((a ^ c) - turn(c, by)) & mask
        else:
            b = ((b ^ a) - turn(a, by)) & mask
    return c
