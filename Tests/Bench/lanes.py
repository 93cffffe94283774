"""How fast the engine would be on more cores: its plan of lanes, played through with times that were measured on one.

    make bench-kernels        prints it at its end

A pass goes block by block: rows are sorted into cells by one lane, then all lanes take tiles of 64 neurons until none is left, and the
slowest ends the block. Of chunked data, lanes take chunks to decode before that; their stored bytes come through libhdf5's lock, one after
another. Counts are encoded by all lanes while one of them writes those before. Nothing here knows of caches that lanes share: the memory's
speed bounds what all of them read together.

An upper bound, not a forecast: what the system takes to map files and to clear memory is left out, and the constants below are estimates.
Where it could be checked, on two lanes and 80,000 x 4,096 contiguous values, it said 3.3 GB/s, and 2.0 were measured.
"""

import heapq

TILE = 64
BLOCK_BYTES = 32 << 20
SEGMENT_ROWS = 4096

#: Estimated, not measured by `bench-kernels`: seconds, of one core.
SORT_S_PER_ROW = 12e-9
#: To wake lanes and to wait for the last of them, each.
BARRIER_S_PER_LANE = 1e-6
BARRIER_S = 8e-6
#: Bytes a second that one thread gets out of libhdf5, and that one thread writes to new files.
LOCKED_BYTES_PER_S = 21e9
WRITTEN_BYTES_PER_S = 1.2e9
#: Starting, the child that reads the structure, and publishing.
START_S = 0.06


def section(tasks, lanes, bytes_each=0, memory=float("inf")):
    """Seconds in which lanes do tasks, each as long as it says, taking the next as soon as they are free."""
    busy = [0.0] * min(lanes, max(1, len(tasks)))
    for seconds in tasks:
        heapq.heappush(busy, heapq.heappop(busy) + seconds)
    barrier = BARRIER_S + BARRIER_S_PER_LANE * lanes if lanes > 1 else 0
    return max(max(busy), bytes_each * len(tasks) / memory) + barrier


def job(found, rows, neurons, groups, lanes, memory, decode_ns=0, ratio=1.0):
    """Seconds of each part of a job without codes. `found`: ns by kernel; `decode_ns`: of a value of chunked data, `ratio` its bytes to those stored."""
    tiles = -(-neurons // TILE)
    block = max(1, min(rows, BLOCK_BYTES // (neurons * 4)))
    parts = dict.fromkeys(("start", "sort", "decode", "count", "collect", "quartiles", "encode and write"), 0.0)
    parts["start"] = START_S
    done = 0
    while done < rows:
        some = min(block, rows - done, SEGMENT_ROWS - done % SEGMENT_ROWS)
        done += some
        for kernel, name in (("count", "count"), ("collect candidates", "collect")):
            if decode_ns and name == "collect":
                continue  # candidates are kept while rows are counted
            parts["sort"] += SORT_S_PER_ROW * some
            ns = found[kernel]
            if decode_ns:
                chunks = max(1, some * neurons // (1 << 17))
                each = some * neurons / chunks
                locked = some * neurons * 4 / ratio / LOCKED_BYTES_PER_S
                parts["decode"] += max(section([each * decode_ns * 1e-9] * chunks, lanes), locked)
                ns += found["collect candidates"]
            parts[name] += section([some * TILE * ns * 1e-9] * tiles, lanes, some * TILE * 4, memory)
    figures = neurons * groups
    each = (found["find pending ranks"] + found["select quartiles"]) * 1e-9 * TILE * groups
    parts["quartiles"] = section([each] * tiles, lanes)
    stored = 2 * (1 + 1 / 4 + 1 / 16)
    encode = (2 * found["sum up counts"] + stored * found["encode counts"]) * 1e-9 * figures
    written = figures * 1024 * stored / 4 / WRITTEN_BYTES_PER_S
    parts["encode and write"] = max((encode + written) / lanes, written)
    return parts


def table(found, memory, cores=(1, 2, 8, 32, 128)):
    """Lines that say how fast layers of some widths would be, and what bounds them."""
    yield f"at most on more cores, from these times and {memory / 1e9:.0f} GB/s of memory a machine (GB/s, and what takes longest):"
    layers = [("80,000 x 4,096", 80_000, 4096, 0, 1), ("20,000 x 65,536", 20_000, 65_536, 0, 1), ("80,000 x 4,096, gzip", 80_000, 4096, 6.5, 9)]
    for name, rows, neurons, decode, ratio in layers:
        line = f"  {name:22}"
        for lanes in cores:
            parts = job(found, rows, neurons, 11, lanes, memory, decode, ratio)
            longest = max(parts, key=parts.get)
            line += f"{lanes:5}: {rows * neurons * 4 / sum(parts.values()) / 1e9:6.1f} {longest}"
        yield line
