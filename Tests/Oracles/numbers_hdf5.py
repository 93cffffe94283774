"""Changes the numbers of an HDF5 file, and nothing else: what is a shape, a size, an address or a parameter becomes an extreme one.

Bytes changed at random hardly ever make a number that is legal and far out, and in the newer format a checksum gives them away. So
the places are looked for where the numbers are written that h5py reports of the file, and the checksums over them are made anew:
damage that only its meaning tells.
"""
import ctypes
import ctypes.util
import struct

import h5py
import numpy as np

EXTREMES = [0, 1, 2, 7, 255, 65_535, 65_536, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 2**32, 2**32 + 1, 2**40, 2**61, 2**62,
            2**63 - 1, 2**63, 2**64 - 2**16, 2**64 - 2, 2**64 - 1]
REALS = [np.inf, -np.inf, np.nan, 1e308, -1e308, 2.0**63, -(2.0**63), 2.0**31, 1e19, 5e-324]
# Where the stored chunks of a filter have sizes: (place, width, byte order).
SIZES = {32004: [(0, 8, ">"), (8, 4, ">"), (12, 4, ">")], 32008: [(0, 8, ">"), (8, 4, ">"), (12, 4, ">")],
         32001: [(place, 4, "<") for place in range(4, 36, 4)], 4: [(0, 4, "<")], 6: [(0, 4, "<"), (5, 8, "<")]}  # fmt: skip
# What begins with one of these ends with a checksum over all before it.
SEALED = [b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"FHIB", b"BTHD", b"BTLF", b"BTIN", b"FAHD", b"FADB", b"EAHD", b"EAIB", b"EADB",
          b"EASB", b"\x89HDF\r\n\x1a\n"]
SEALED_MAX = 1 << 16


def lookup3():
    """Bob Jenkins' checksum, as libhdf5 itself has it."""
    library = ctypes.CDLL(ctypes.util.find_library("hdf5_serial") or ctypes.util.find_library("hdf5"))
    function = library.H5_checksum_lookup3
    function.argtypes, function.restype = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint32], ctypes.c_uint32
    return lambda data: function(data, len(data), 0)


CHECKSUM = lookup3()


def every(data, pattern):
    at = data.find(pattern)
    while at >= 0:
        yield at
        at = data.find(pattern, at + 1)


def seals(data):
    """Where checksums are: (beginning of what they cover, place of the checksum)."""
    found = []
    for signature in SEALED:
        for start in every(data, signature):
            for end in range(start + 8, min(len(data) - 3, start + SEALED_MAX)):
                if CHECKSUM(data[start:end]) == struct.unpack_from("<I", data, end)[0]:
                    found.append((start, end))
                    break
    for start, end in heap_objects(data):
        if end - start > 8 and CHECKSUM(data[start:end - 4]) == struct.unpack_from("<I", data, end - 4)[0]:
            found.append((start, end - 4))
    return found


def heap_objects(data):
    """Objects of the heaps in which texts lie, and what virtual datasets are put together from: (beginning, end)."""
    for heap in every(data, b"GCOL"):
        size, at = struct.unpack_from("<Q", data, heap + 8)[0], heap + 16
        while at + 16 <= min(heap + size, len(data)) and struct.unpack_from("<H", data, at)[0]:
            length = struct.unpack_from("<Q", data, at + 8)[0]
            yield at + 16, at + 16 + length
            at += 16 + (length + 7) // 8 * 8


def places(path, data, sealed):
    """Where numbers are written: (place, width, byte order)."""
    known = {8: set(), 4: set(), 2: set()}
    found, values = set(), []

    def visit(_, node):
        if not isinstance(node, h5py.Dataset):
            return
        known[8].update(node.shape)
        properties = node.id.get_create_plist()
        for number in range(properties.get_nfilters()):
            code, _, parameters, _ = properties.get_filter(number)
            known[4].update(parameters)
            known[2].update([code, len(parameters)])
        known[4].add(node.dtype.itemsize)
        if node.chunks:
            known[4].update(node.chunks)
            known[8].update(node.chunks)
            first = properties.get_filter(0)[0] if properties.get_nfilters() else 0
            for index in range(node.id.get_num_chunks()):
                chunk = node.id.get_chunk_info(index)
                known[8].update([chunk.byte_offset, chunk.size])
                known[4].add(chunk.size)
                values.append(range(chunk.byte_offset, chunk.byte_offset + chunk.size))
                found.update((chunk.byte_offset + at, width, order) for at, width, order in SIZES.get(first, []) if at + width <= chunk.size)
        elif node.id.get_offset() is not None:
            start, size = node.id.get_offset(), node.id.get_storage_size()
            known[8].update([start, size])
            if node.dtype.kind != "O":
                values.append(range(start, start + size))
            if node.dtype.kind in "iu":
                found.update((start + at, node.dtype.itemsize, "<") for at in range(0, size, node.dtype.itemsize))

    with h5py.File(path) as f:
        f.visititems(visit)
    for width, numbers in known.items():
        for number in numbers:
            # Zeros are everywhere.
            if 0 < number < 256 ** width:
                for at in every(data, int(number).to_bytes(width, "little")):
                    if at >= 8 and not any(at in run for run in values):
                        found.add((at, width, "<"))
    # Heaps of texts and of names: the size of a collection, of its objects, and the references to them.
    for at in every(data, b"GCOL"):
        found.update((at + 8 + 8 * k, 8, "<") for k in range(6))
    for start, end in heap_objects(data):
        if (start, end - 4) in sealed:
            found.update((at, width, "<") for at in range(start + 1, end - 12) for width in (4, 8))
    for at in every(data, b"HEAP"):
        found.update((at + 8 * k, 8, "<") for k in range(1, 4))
    for at in every(data, b"TREE"):
        found.update((at + 24 + 8 * k, 8, "<") for k in range(6))
        found.add((at + 6, 2, "<"))
    for at in every(data, b"FRHP"):
        found.update((at + k, 2, "<") for k in (5, 7, 110))
        found.update((at + k, 8, "<") for k in range(10, 106, 8))
    return sorted(place for place in found if place[0] + place[1] <= len(data))


class Chunks:
    """A file of which only filtered chunks are changed, the numbers in them, and the parameters of their filters."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.chunks, self.seals = [], seals(self.data)
        with h5py.File(path) as f:
            f.visititems(self.visit)

    def visit(self, _, node):
        if isinstance(node, h5py.Dataset) and node.chunks and node.id.get_create_plist().get_nfilters():
            stored = [node.id.get_chunk_info(index) for index in range(node.id.get_num_chunks())]
            properties, parameters = node.id.get_create_plist(), []
            for number in range(properties.get_nfilters()):
                values = properties.get_filter(number)[2]
                pattern = struct.pack(f"<{len(values)}I", *values)
                if len(values) > 1 and self.data.count(pattern) == 1:
                    parameters += [self.data.find(pattern) + 4 * place for place in range(len(values))]
            self.chunks.append(([(chunk.byte_offset, chunk.size) for chunk in stored], parameters))

    def mutate(self, rng):
        """One to three changes to one dataset: a bit, a byte, a number where sizes are, at the beginning of a chunk, or a parameter."""
        data, changed = bytearray(self.data), []
        stored, parameters = self.chunks[int(rng.integers(0, len(self.chunks)))]
        for _ in range(rng.integers(1, 4)):
            start, size = stored[int(rng.integers(0, len(stored)))]
            at, kind = start + int(rng.integers(0, size)), rng.integers(0, 4 if parameters else 3)
            if kind == 0:
                data[at] ^= 1 << int(rng.integers(0, 8))
            elif kind == 1:
                data[at] = int(rng.integers(0, 256))
            else:
                at = min(start + int(rng.integers(0, 6)) * 4, start + max(size - 4, 0))
                number = EXTREMES[int(rng.integers(0, len(EXTREMES)))] % 2**32
                if kind == 3:
                    at = parameters[int(rng.integers(0, len(parameters)))]
                    changed.append(at)
                    number = number if rng.integers(0, 2) else (struct.unpack_from("<I", data, at)[0] + 1) % 2**32
                data[at:at + 4] = number.to_bytes(4, "little")
        for start, end in self.seals:
            if any(start <= at < end for at in changed):
                struct.pack_into("<I", data, end, CHECKSUM(bytes(data[start:end])))
        return bytes(data)


class Numbers:
    """A file whose places and checksums are known."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.seals = seals(self.data)
        self.places = places(path, self.data, set(self.seals))

    def mutate(self, rng):
        """One to three numbers become extreme ones."""
        data = bytearray(self.data)
        changed = []
        for _ in range(rng.integers(1, 4)):
            at, width, order = self.places[int(rng.integers(0, len(self.places)))]
            number = EXTREMES[int(rng.integers(0, len(EXTREMES)))] % 256 ** width
            new = number.to_bytes(width, "big" if order == ">" else "little")
            if width == 8 and rng.integers(0, 8) == 0:
                new = struct.pack(order + "d", REALS[int(rng.integers(0, len(REALS)))])
            data[at:at + width] = new
            changed.append(at)
        for start, end in self.seals:
            if any(start <= at < end for at in changed):
                struct.pack_into("<I", data, end, CHECKSUM(bytes(data[start:end])))
        return bytes(data)
