"""How fast the engine would be on more cores: its plan of lanes, played through with times that were measured on one.

    make bench-kernels        prints it at its end, beside what one and two lanes take here

A pass goes block by block: rows are sorted into cells by one lane, then all lanes take tiles of 64 neurons until none is left, and the
slowest ends the block. Contiguous data are looked at where the system has them: whoever is first at a page waits until it is entered, and one lane gives
back those of the block before. Of chunked data, lanes take chunks to decode before the tiles; their stored bytes come through libhdf5's lock, one
after another. Of up to 512 neurons, lanes without a tile read the next block meanwhile. Counts are encoded by all lanes while one of them writes
those before.

What is not in it: caches that lanes share, and the system's own locks where many lanes enter pages at once. So it is an upper bound. On the two lanes
where it can be checked, `bench-kernels` prints by how much.
"""

import heapq

TILE = 64
BLOCK_BYTES = 32 << 20
SEGMENT_ROWS = 4096
NARROW = 512
GROUPS = 11

#: Estimated, not measured by `bench-kernels`: seconds, of one core.
SORT_S_PER_ROW = 6e-9
#: What waking each lane beyond the second adds to a section.
BARRIER_S_PER_LANE = 1e-6
#: Bytes a second that one thread gets out of libhdf5, and that one thread writes to new files.
LOCKED_BYTES_PER_S = 21e9
WRITTEN_BYTES_PER_S = 1.2e9
#: Starting, the child that reads the structure, and publishing: what a job of 200 rows takes.
START_S = 0.04


class Machine:
    """Lanes, and the bytes that all of them read from memory in a second."""

    def __init__(self, found, lanes, memory):
        self.lanes, self.memory = lanes, memory
        self.barrier = 0 if lanes == 1 else found["two lanes"] * 1e-9 + BARRIER_S_PER_LANE * (lanes - 2)

    def section(self, tasks, bytes=0):
        """Seconds in which lanes do tasks, each as long as it says, taking the next as soon as they are free."""
        busy = [0.0] * min(self.lanes, max(1, len(tasks)))
        for seconds in tasks:
            heapq.heappush(busy, heapq.heappop(busy) + seconds)
        return max(max(busy), bytes / self.memory) + self.barrier


def job(found, rows, neurons, machine, decode_ns=0, ratio=1.0):
    """Seconds of each part of a job without codes. `found`: ns by kernel; `decode_ns`: of a value of chunked data, `ratio` its bytes to those stored."""
    tiles = -(-neurons // TILE)
    is_narrow = neurons <= NARROW and machine.lanes > 1
    block = max(1, min(rows, BLOCK_BYTES // (2 if is_narrow else 1) // (neurons * 4)))
    parts = dict.fromkeys(("start", "sort", "decode", "count", "collect", "quartiles", "write"), 0.0)
    parts["start"] = START_S
    done = 0
    while done < rows:
        some = min(block, rows - done, SEGMENT_ROWS - done % SEGMENT_ROWS)
        done += some
        values = some * neurons
        chunks = max(1, values >> 17)
        decode = [values / chunks * decode_ns * 1e-9] * chunks if decode_ns else []
        for kernel, name in (("count", "count"), ("collect candidates", "collect")):
            if decode and name == "collect":
                continue  # candidates are kept while rows are counted
            ns = found[kernel] + (found["collect candidates"] if decode else found["map /contiguous"])
            # The second reading of few tiles is shared out by cell; the first is not.
            cells = min(GROUPS - 1, -(-2 * machine.lanes // tiles)) if name == "collect" and tiles < 2 * machine.lanes else 1
            tasks = [some * TILE * ns * 1e-9 / cells] * (tiles * cells)
            if not decode:
                tasks = [values * found["unmap /contiguous"] * 1e-9, *tasks]
            parts["sort"] += SORT_S_PER_ROW * some
            if decode and not is_narrow:
                parts["decode"] += max(machine.section(decode), values * 4 / ratio / LOCKED_BYTES_PER_S)
            parts[name] += machine.section(tasks + (decode if is_narrow else []), values * 4)
    histograms = neurons * GROUPS
    each = (found["find pending ranks"] + found["select quartiles"]) * 1e-9 * TILE * GROUPS
    parts["quartiles"] = machine.section([each] * tiles)
    stored = 2 * (1 + 1 / 4 + 1 / 16)
    encode = (2 * found["sum up counts"] + stored * found["encode counts"]) * 1e-9 * histograms
    written = histograms * 1024 * stored / 4 / WRITTEN_BYTES_PER_S
    parts["write"] = max((encode + written) / machine.lanes, written)
    return parts


def speed(parts, rows, neurons):
    """Decoded GB a second."""
    return rows * neurons * 4 / sum(parts.values()) / 1e9


#: Name, rows, neurons, ns a value to decode, bytes to those stored.
LAYERS = [
    ("80,000 x 4,096", 80_000, 4096, 0, 1), ("20,000 x 65,536", 20_000, 65_536, 0, 1), ("640,000 x 512", 640_000, 512, 0, 1),
    ("80,000 x 4,096, gzip", 80_000, 4096, 6.5, 9), ("640,000 x 512, gzip", 640_000, 512, 6.5, 9),
]  # fmt: skip


def table(found, memory, cores=(1, 2, 8, 32, 128)):
    """Lines that say how fast layers of some widths would be, and what takes longest of it."""
    yield f"at most on more cores, from these times and {memory / 1e9:.0f} GB/s of memory a machine (GB/s, and what takes longest with its share):"
    for name, rows, neurons, decode, ratio in LAYERS:
        line = f"  {name:22}"
        for lanes in cores:
            parts = job(found, rows, neurons, Machine(found, lanes, memory), decode, ratio)
            longest = max(parts, key=parts.get)
            line += f"{lanes:5}: {speed(parts, rows, neurons):5.1f} {longest} {parts[longest] / sum(parts.values()):3.0%}"
        yield line
