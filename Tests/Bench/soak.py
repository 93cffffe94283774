#!/usr/bin/env python3
"""A siege of the tile server: forty honest readers scrub while fourteen others do all they can to take it from them.

    make soak MINUTES=10

The honest readers are measured alone first, then beside the others while new versions are published and old ones removed, all in one
run on one machine. Ends with 1 where a promise is not kept: an honest reader failed, an error of the server but 503, memory, or times.
"""

import argparse
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

NEURONS, ROWS, CLASSES, INSTANCES = 262_144, 400, 10, 64
HONEST, DISHONEST = 40, 14
CACHE_MIB = 512
#: Seconds between two versions.
INTERVAL = 45
#: How many times longer than alone an honest request may take at the 99th percentile.
SLOWER_MAX = 3


def percentile(seconds, share):
    return seconds[min(len(seconds) - 1, int(share * len(seconds)))] * 1000


def told(name, readers):
    times = "  ".join(f"{percentile(readers['seconds'], share):.1f}" for share in (0.5, 0.9, 0.99, 0.999))
    print(f"{name:<28} {len(readers['seconds']):>8,} requests, ms at 50, 90, 99 and 99.9 %: {times}; {readers['statuses']}, renewed {readers['renewals']}", flush=True)
    for kind, seconds in readers["kinds"].items():
        print(f"  {kind:<26} {len(seconds):>8,} requests, ms: {'  '.join(f'{percentile(seconds, share):.1f}' for share in (0.5, 0.9, 0.99, 0.999))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--divergence", required=True, type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--neurons", type=int, default=NEURONS)
    arguments = parser.parse_args()
    os.environ["ND_DIVERGENCE"] = str(arguments.divergence.resolve())
    from soaking import BESIDE_CACHE_MIB, MEMORY, Crowd, Watch, allowed, make_store, serve

    quiet_seconds = max(20, arguments.minutes * 60 / 5)
    seconds = max(20, arguments.minutes * 60 - quiet_seconds)
    failed = []

    def must(kept, promise):
        print(f"{'kept' if kept else 'BROKEN':<7} {promise}")
        if not kept:
            failed.append(promise)

    with tempfile.TemporaryDirectory() as folder:
        tiles = make_store(pathlib.Path(folder), arguments.neurons, ROWS, CLASSES, INSTANCES)
        settings = {"cache_mib": CACHE_MIB, "idle_seconds": 10}
        with serve(tiles, **settings) as server, Crowd(server, quiet_seconds, "honest", HONEST) as crowd:
            quiet = crowd.end()
            told("honest readers alone", quiet)
        with (
            serve(tiles, **settings) as server,
            Crowd(server, seconds, "dishonest", DISHONEST, nice=19) as others, Crowd(server, seconds, "honest", HONEST, seed=2) as crowd,
            Watch(server, tiles, min(INTERVAL, seconds / 5)) as watch,
        ):  # fmt: skip
            besieged, attackers = crowd.end(), others.end()
            code, said = server.stop(), "".join(server.errors)
        told("beside the dishonest", besieged)
        for kind, statuses in attackers.items():
            print(f"  {kind:<26} {statuses}")
        before, after = percentile(quiet["seconds"], 0.99), percentile(besieged["seconds"], 0.99)
        must(not quiet["failures"] and not besieged["failures"], f"no honest request failed {besieged['failures'][:3]}")
        must(after <= SLOWER_MAX * before, f"p99 within {SLOWER_MAX} times that of a quiet server: {before:.1f} and {after:.1f} ms")
        must(all(map(allowed, attackers.values())), "no error of the server but 503 for the dishonest")
        must(watch.memory_mib < CACHE_MIB + BESIDE_CACHE_MIB, f"{MEMORY}: {watch.memory_mib:.0f} MiB, of which {CACHE_MIB} are the cache's")
        must(code == 0 and "fault" not in said and "damaged" not in said, f"the server ended as it should and told of no fault {said[-300:]}")
        print(f"{watch.flips} versions were published meanwhile")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
