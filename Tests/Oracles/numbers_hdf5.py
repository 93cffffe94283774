"""Changes the numbers of an HDF5 file, and nothing else: what is a shape, a size, an address or a parameter becomes an extreme one.

Bytes changed at random hardly ever make a number that is legal and far out, and in the newer format a checksum gives them away. So
places are looked for where the numbers that h5py reports are written, and checksums over them are made anew: damage that only
meaning tells.
"""
import struct

import h5py

EXTREMES = [0, 1, 2, 7, 255, 65_535, 65_536, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 2**32, 2**32 + 1, 2**40, 2**61, 2**62,
            2**63 - 1, 2**63, 2**64 - 2**16, 2**64 - 2, 2**64 - 1]
# Numbers of double precision in attributes and data.
REALS = [float("inf"), float("-inf"), float("nan"), 1e308, -1e308, 2.0**63, -(2.0**63), 2.0**31, 1e19]
LZ4, BITSHUFFLE = 32004, 32008
SIGNATURES = [b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"FHIB", b"BTHD", b"BTLF", b"BTIN", b"FAHD", b"FADB", b"EAHD", b"EAIB",
              b"EADB", b"EASB", b"\x89HDF\r\n\x1a\n"]
MASK = 0xFFFFFFFF


def rotate(x, k):
    return ((x << k) | (x >> (32 - k))) & MASK


def checksum(data):
    """Bob Jenkins' lookup3, as H5_checksum_lookup3 in H5checksum.c."""
    return next(last for length, last in checksums(data) if length == len(data))


def checksums(data):
    """The checksum of every beginning of `data`, as (length, checksum). Its length goes into the first state, by sum: all three words."""
    words = data + bytes(-len(data) % 12)
    # The states after whole blocks differ by length; so each length is summed anew, but only where it can be a block's.
    for length in range(1, len(data) + 1):
        a = b = c = (0xDEADBEEF + length) & MASK
        at, left = 0, length
        while left > 12:
            x, y, z = struct.unpack_from("<III", words, at)
            a, b, c = (a + x) & MASK, (b + y) & MASK, (c + z) & MASK
            a = (a - c) & MASK ^ rotate(c, 4); c = (c + b) & MASK
            b = (b - a) & MASK ^ rotate(a, 6); a = (a + c) & MASK
            c = (c - b) & MASK ^ rotate(b, 8); b = (b + a) & MASK
            a = (a - c) & MASK ^ rotate(c, 16); c = (c + b) & MASK
            b = (b - a) & MASK ^ rotate(a, 19); a = (a + c) & MASK
            c = (c - b) & MASK ^ rotate(b, 4); b = (b + a) & MASK
            at, left = at + 12, left - 12
        yield length, None
