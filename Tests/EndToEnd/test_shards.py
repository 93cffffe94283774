"""Shards: however a job is divided, in whatever order and with whatever mishaps its parts are run, the merged store is that of one run."""

import fcntl
import os
import shutil
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest

from programs import PROGRAM

# More rounds of the random test, such as a night of them: ND_SHARD_SEEDS=200.
SEEDS = int(os.environ.get("ND_SHARD_SEEDS", "4"))


def odd_values(rng, shape):
    """Mostly a mixture of two bells, with zeros, and here and there what breaks naive counting."""
    values = rng.normal(rng.choice([-1, 2], shape), rng.uniform(0.1, 3, shape[1:]))
    values[:, ::3] = np.maximum(values[:, ::3], 0)
    flat = values.reshape(len(values), -1)
    width = flat.shape[1]
    flat[:, 1] = 0
    flat[:, 2 % width] = 7.25
    flat[rng.integers(len(flat), size=5), 3 % width] = [np.nan, np.inf, -np.inf, np.nan, -0.0]
    flat[rng.integers(len(flat)), 4 % width] = 1e30
    flat[:, 5 % width] *= 1e-41
    flat[:, 6 % width] = np.nan
    return values


def make_job(folder, rng):
    """A random job: 1 to 3 dumps, layers of several types, shapes and filters."""
    folder.mkdir()
    files = [int(n) for n in rng.integers(700, 3500, rng.integers(1, 4))]
    files[0] += 6000 if rng.random() < 0.5 else 0
    rows = sum(files)
    classes = int(rng.integers(2, 6))
    labels = rng.integers(0, classes, rows)
    if rng.random() < 0.5:
        labels.sort()
    shift = labels[:, None] * rng.uniform(0, 3)
    layers = {
        "wide": ((odd_values(rng, (rows, 700)) + shift).astype("f4"), dict(chunks=(64, 700), compression="gzip", compression_opts=1, shuffle=True)),
        "columns": ((odd_values(rng, (rows, 600)) + shift).astype("f4"), dict(chunks=(100, 256), compression="lzf")),
        "double": (odd_values(rng, (rows, 30)) * 1e3 + shift, {}),
        "whole": (rng.integers(-3000, 3000, (rows, 70)).astype("i2") // (1 + labels[:, None]), dict(chunks=(1000, 70))),
        "half": (np.maximum(rng.normal(size=(rows, 12)) - shift, 0).astype("f2"), dict(chunks=(7, 12))),
        "maps": (rng.normal(size=(rows, 5, 3, 2)).astype("f4") + shift[:, :, None, None], dict(chunks=(50, 5, 3, 2), compression="lzf")),
    }
    layers["maps"] = (layers["maps"][0].astype("f4"), layers["maps"][1])
    first = 0
    for number, count in enumerate(files):
        part = slice(first, first + count)
        with h5py.File(folder / f"part-{number}.h5", "w") as f:
            for name, (values, options) in layers.items():
                options = dict(options)
                if "chunks" in options:
                    options["chunks"] = (min(options["chunks"][0], count), *options["chunks"][1:])
                f.create_dataset(name, data=values[part], **options)
            f["labels"] = labels[part]
            f["predictions"] = np.where(rng.random(count) < 0.8, labels[part], 0)
            if number == 0:
                for kind in ("benign", "attacked"):
                    f[f"instances/{kind}/wide"] = rng.normal(size=(3, 700)).astype("f4")
                    f[f"instances/{kind}/images"] = rng.integers(0, 255, (3, 4, 4), dtype=np.uint8)
                f["instances/true_label"] = [0, 1, 1]
        first += count
    medians = "binned" if rng.random() < 0.2 else "exact"
    (folder / "job.yaml").write_text(f"""
name: job
dumps: [part-*.h5]
medians: {medians}
layers:
  - wide
  - columns
  - {{ name: double, dataset: double }}
  - whole
  - half
  - {{ name: maps, dataset: maps, axes: NCHW, reduce: {rng.choice(["samples", "max", "mean", "flatten"])} }}
groups:
  - {{ name: mistakes, where: 'label != prediction' }}
  - {{ name: early, where: 'row < 900' }}
""")
    return folder / "job.yaml"


@pytest.fixture
def job(tmp_path, rng):
    return make_job(tmp_path / "data", rng)


def manifest(output, name="job"):
    return (output / name / "current" / "MANIFEST").read_bytes()


def shard(program, job, output, number, *options, ok=True):
    run = program.ok if ok else program.run
    return run("precompute", job, "--shard", number, "--output", output, "--progress", "none", *options)


def shards_of(output):
    """Folders of shards."""
    return sorted(p for p in output.glob("*/.shards/*/*-of-*"))


@pytest.fixture
def single(precompute, job, tmp_path):
    return (precompute(job, name="job", output=tmp_path / "single") / "MANIFEST").read_bytes()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_merged_is_single(program, tmp_path, seed):
    rng = np.random.default_rng(seed)
    job = make_job(tmp_path / "data", rng)
    program.ok("precompute", job, "--output", tmp_path / "single", "--progress", "none", "--memory", "2GiB")
    expected = manifest(tmp_path / "single")
    for count in [int(n) for n in rng.choice([1, 2, 3, 4, 5, 7, 11, 40], 3, replace=False)]:
        output = tmp_path / f"of-{count}"
        # Numbered from 0 or from 1, in any order, some of them twice.
        numbers = list(range(count)) if rng.random() < 0.5 else list(range(1, count + 1))
        numbers += [int(n) for n in rng.choice(numbers, min(2, count))]
        rng.shuffle(numbers)
        for number in numbers:
            shard(
                program, job, output, f"{number}/{count}", "--memory", rng.choice(["256MiB", "300MiB", "4GiB"]),
                "--threads", int(rng.integers(1, 4)), "--checkpoint", rng.choice([0, 0.01, 300]))
        program.ok("merge", job, "--output", output, "--progress", "none", "--memory", rng.choice(["256MiB", "4GiB"]))
        assert manifest(output) == expected, f"seed {seed}, {count} shards"
        program.ok("verify", output / "job")
        assert not shards_of(output), "what was merged is not needed any more"


def test_killed_shards(program, job, single, rng, tmp_path):
    """Shards are killed at random moments and begun again, some at the same time on one folder."""
    output = tmp_path / "Tiles"
    count, kills = 3, 0
    start = time.monotonic()
    shard(program, job, tmp_path / "timing", "0/3")
    usual = time.monotonic() - start
    for number in range(count):
        command = [PROGRAM, "precompute", str(job), "--shard", f"{number}/{count}", "--output", str(output), "--progress", "none", "--checkpoint", "0"]
        for attempt in range(8):
            process = subprocess.Popen(command, stderr=subprocess.PIPE)
            try:
                process.communicate(timeout=usual * rng.uniform(0.1, 1))
                assert process.returncode == 0
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
            assert not (output / "job" / "current").exists()
        shard(program, job, output, f"{number}/{count}", "--memory", "256MiB" if number else "1GiB")
    assert kills > 0
    program.ok("merge", job, "--output", output, "--progress", "none")
    assert manifest(output) == single


def test_a_killed_merge(program, job, single, rng, tmp_path):
    output = tmp_path / "Tiles"
    for number in range(3):
        shard(program, job, output, f"{number}/3")
    command = ["merge", str(job), "--output", str(output), "--progress", "none"]

    def begun():
        """How many layers are being joined or are complete, and one more for the group that holds them."""
        try:
            return len(os.listdir(output / "job" / ".building" / "layers"))
        except FileNotFoundError:
            return 0

    kills = 0
    for attempt in range(6):
        process = subprocess.Popen([PROGRAM, *command], stderr=subprocess.PIPE)
        while process.poll() is None and begun() <= attempt:
            time.sleep(0.001)
        # The first dies as soon as it has begun, the others somewhere on their way.
        if attempt > 0:
            time.sleep(rng.uniform(0, 0.1))
        process.kill()
        process.communicate()
        assert process.returncode in (0, -signal.SIGKILL)
        kills += process.returncode == -signal.SIGKILL
    assert kills > 0
    program.ok(*command)
    assert manifest(output) == single
    before = os.readlink(output / "job" / "current")
    # Merging again, or running a shard late, changes nothing.
    program.ok(*command)
    shard(program, job, output, "1/3")
    program.ok(*command)
    assert os.readlink(output / "job" / "current") == before
    assert {p.name for p in (output / "job").iterdir() if not p.name.startswith(".")} == {"current", before}


def test_merging_again_makes_its_version_current(program, job, single, tmp_path):
    """A job is merged, edited and run, and edited back: what readers see is what merging names."""
    output = tmp_path / "Tiles"
    current = output / "job" / "current"
    command = ["merge", job, "--output", output, "--progress", "none"]
    for number in range(2):
        shard(program, job, output, f"{number}/2")
    program.ok(*command)
    merged = os.readlink(current)
    text = job.read_text()
    job.write_text(text.replace("row < 900", "row < 901"))
    program.ok("precompute", job, "--output", output, "--progress", "none")
    other = os.readlink(current)
    assert other != merged
    job.write_text(text)
    # Not while somebody else writes the store.
    with open(output / "job" / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Another run" in program.fails(73, *command)
    assert os.readlink(current) == other
    program.ok(*command)
    assert os.readlink(current) == merged and manifest(output) == single
    assert {p.name for p in (output / "job").iterdir() if not p.name.startswith(".")} == {"current", merged, other}
    assert not os.path.lexists(output / "job" / ".current-new")


@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("storage", ["contiguous", "gzip"])
def test_merging_needs_no_values_of_the_dump(program, precompute, dump, rng, tmp_path, storage, filled):
    """Where rows are in no order, the shards have collected what exact quartiles need, and know whether the last rows were ever filled:
    a dump whose values are all overwritten does no harm."""
    rows, empty = 20_000, 0 if filled else 40
    labels = rng.integers(0, 3, rows)
    values = np.maximum(rng.normal(size=(rows, 70)) + labels[:, None], -1).astype("f4")
    values[:, 3] = np.exp(3 * values[:, 3])
    values[rows - empty :] = 0
    options = {"chunks": (500, 70), "compression": "gzip", "compression_opts": 1} if storage == "gzip" else {}
    path = dump({"a": (values, options)}, labels)
    single = precompute(path, output=tmp_path / "single")
    output = tmp_path / "Tiles"
    for number in range(3):
        shard(program, path, output, f"{number}/3", "--memory", "256MiB")
    times = path.stat()
    with h5py.File(path, "r") as f:
        if storage == "gzip":
            chunks = [f["a"].id.get_chunk_info(i) for i in range(f["a"].id.get_num_chunks())]
            places = [(c.byte_offset, c.size) for c in chunks]
        else:
            places = [(f["a"].id.get_offset(), values.nbytes)]
    with open(path, "r+b") as f:
        for offset, size in places:
            f.seek(offset)
            f.write((b"\0" if filled else b"\x3f") * size)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    # Merging again says the same.
    for _ in range(2):
        said = program.ok("merge", path, "--output", output, "--progress", "auto").stderr
        assert ("Assumed: The last 40 rows are zero" in said) == (not filled)
        assert manifest(output, "dump") == (single / "MANIFEST").read_bytes()


def test_shards_that_saw_other_values_are_not_merged(program, dump, rng, tmp_path):
    """A dump that is written to between shards, and made to look as if it was not."""
    values = rng.normal(size=(2_000, 7)).astype("f4")
    path = dump({"a": values}, rng.integers(0, 3, 2_000))
    shard(program, path, tmp_path / "T", "0/2")
    times = path.stat()
    with h5py.File(path, "r+") as f:
        f["a"][-9:] = 0
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    shard(program, path, tmp_path / "T", "1/2")
    error = program.fails(65, "merge", path, "--output", tmp_path / "T", "--progress", "none")
    assert str(path) in error and "--restart" in error and not (tmp_path / "T/dump/current").exists()
    for number in range(2):
        shard(program, path, tmp_path / "T", f"{number}/2", "--restart")
    program.ok("merge", path, "--output", tmp_path / "T", "--progress", "none")


def test_a_dump_that_was_replaced_before_merging(program, dump, rng, tmp_path):
    """Another dump of the same name has nothing to do with the shards that were counted."""
    labels = rng.integers(0, 3, 500)
    path = dump({"a": rng.normal(size=(500, 7)).astype("f4")}, labels)
    for number in range(2):
        shard(program, path, tmp_path / "T", f"{number}/2")
    dump({"a": rng.normal(size=(500, 7)).astype("f4")}, labels, name="other.h5").replace(path)
    error = program.fails(65, "merge", path, "--output", tmp_path / "T", "--progress", "none")
    assert "foreign shards" in error and "another state of the dump" in error and "Run all shards again" in error
    assert not (tmp_path / "T/dump/current").exists()


def test_merging_tells_whose_store_it_replaces(program, dump, rng, tmp_path):
    """Two dumps of one file name: the second takes the place of the first, and the first its place again, by merging and with a word."""
    for folder in "one", "two":
        (tmp_path / folder).mkdir()
        dump({"a": rng.normal(size=(500, 7)).astype("f4")}, rng.integers(0, 3, 500), name=f"{folder}/dump.h5")
    one, two = tmp_path / "one/dump.h5", tmp_path / "two/dump.h5"
    command = ["merge", one, "--output", tmp_path / "T", "--progress"]

    def replaced(said):
        return [path for path in (one, two) if f"dump was made of another dump before, {path}" in said]

    program.ok("precompute", two, "--output", tmp_path / "T", "--progress", "none")
    for number in range(2):
        shard(program, one, tmp_path / "T", f"{number}/2")
    assert replaced(program.ok(*command, "auto").stderr) == [two]
    assert replaced(program.ok("precompute", two, "--output", tmp_path / "T").stderr) == [one]
    assert replaced(program.ok(*command, "auto").stderr) == [two]
    assert replaced(program.ok(*command, "auto").stderr) == []
    # What was made current again is known to be up to date.
    assert "unchanged" in program.ok("precompute", one, "--output", tmp_path / "T", "--if-changed").stderr


def test_missing_shards(program, job, tmp_path):
    output = tmp_path / "Tiles"
    assert "There are no results of shards" in program.fails(66, "merge", job, "--output", output, "--progress", "none")
    for number in (0, 2, 3, 7):
        shard(program, job, output, f"{number}/8")
    error = program.fails(66, "merge", job, "--output", output, "--progress", "none")
    assert "Shards 1,4-6 of 8 are missing" in error and "--array=1,4-6" in error
    assert not (output / "job" / "current").exists()
    for number in (1, 4, 5, 6):
        shard(program, job, output, f"{number}/8")
    program.ok("merge", job, "--output", output, "--progress", "none")


def test_damaged_shards(program, job, single, rng, tmp_path):
    """A flipped or missing byte anywhere is found, the shard is named, and running it again mends it."""
    output = tmp_path / "Tiles"
    for number in range(3):
        shard(program, job, output, f"{number}/3")
    intact = tmp_path / "intact"
    shutil.copytree(output, intact)
    for _ in range(12):
        files = [p for p in shards_of(output)[1].iterdir() if p.suffix == ".counts"]
        victim = files[rng.integers(len(files))]
        content = bytearray(victim.read_bytes())
        match rng.integers(4):
            case 0:
                content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
            case 1:
                del content[rng.integers(len(content)):]
            case 2:
                content += b"\0"
            case 3:
                content.clear()
        victim.write_bytes(content)
        error = program.fails(65, "merge", job, "--output", output, "--progress", "none")
        assert "Shard 1 of 3 is damaged" in error and victim.name in error and "--array=1 " in error
        if rng.random() < 0.3:
            shutil.rmtree(output)
            shutil.copytree(intact, output)
        else:
            shard(program, job, output, "1/3")
    program.ok("merge", job, "--output", output, "--progress", "none")
    assert manifest(output) == single


def test_damaged_marks(program, precompute, dump, rng, tmp_path):
    """A shard whose mark is damaged is there, and is named as damaged; whatever is damaged is among what is to be run again."""
    dump({f"l{i}": rng.normal(size=(40, 6)).astype(np.float32) for i in range(3)}, rng.integers(0, 3, 40), name="small.h5")
    job, output = tmp_path / "job.yaml", tmp_path / "Tiles"
    job.write_text("dumps: [small.h5]\n")
    single = (precompute(job, name="job", output=tmp_path / "single") / "MANIFEST").read_bytes()

    def merge(code):
        return program.fails(code, "merge", job, "--output", output, "--progress", "none")

    def missing():
        return program.ok("merge", job, "--output", output, "--missing", "3").stdout.strip()

    for number in range(3):
        shard(program, job, output, f"{number}/3")
    mark = shards_of(output)[1] / "complete"
    intact = mark.read_bytes()
    for content in (b"", intact[: len(intact) // 2], bytes([intact[9] ^ 1]).join([intact[:9], intact[10:]]), intact + b"x"):
        mark.write_bytes(content)
        error = merge(65)
        assert "Shard 1 of 3 is damaged" in error and str(mark) in error and "--shard 1/3" in error and missing() == "1"

    # Beside one that is missing, both are to be run again.
    gone = shards_of(output)[2]
    shutil.move(gone, tmp_path / "gone")
    error = merge(66)
    assert "Shards 1-2 of 3 are missing" in error and "Shard 1 is there, but damaged" in error and missing() == "1-2"
    shutil.move(tmp_path / "gone", gone)

    # Counts that are damaged: merging finds it, and from then on the shard is missing.
    shard(program, job, output, "1/3")
    victim = next(gone.glob("*.counts"))
    victim.write_bytes(victim.read_bytes()[:-1])
    assert missing() == ""
    assert "Shard 2 of 3 is damaged" in merge(65) and missing() == "2"
    shard(program, job, output, "2/3")
    program.ok("merge", job, "--output", output, "--progress", "none")
    assert manifest(output) == single

    # The mark of the merge: what is published stays, and is made again where somebody asks for it.
    mark = next(output.glob("*/.shards/*/merged"))
    mark.write_bytes(mark.read_bytes()[:-1])
    error = merge(65)
    assert str(mark) in error and "were merged before" in error and manifest(output) == single
    for number in range(3):
        shard(program, job, output, f"{number}/3")
    program.ok("merge", job, "--output", output, "--progress", "none")
    assert manifest(output) == single


def test_foreign_and_duplicate_shards(program, job, tmp_path):
    output, other = tmp_path / "Tiles", tmp_path / "other"
    shard(program, job, output, "0/2")
    shard(program, job, output, "1/2")
    folder = shards_of(output)[0]
    shutil.copytree(folder, folder.parent / "copy")
    assert "copy is a duplicate" in program.fails(65, "merge", job, "--output", output, "--progress", "none")
    shutil.rmtree(folder.parent / "copy")

    # Another job's shard, put in the place of this one's.
    text = job.read_text()
    job.write_text(text.replace("row < 900", "row < 901"))
    shard(program, job, other, "1/2")
    error = program.fails(65, "merge", job, "--output", output, "--progress", "none")
    assert "another job" in error
    job.write_text(text)
    shutil.rmtree(shards_of(output)[1])
    shutil.copytree(shards_of(other)[0], folder.parent / "1-of-2")
    error = program.fails(65, "merge", job, "--output", output, "--progress", "none")
    assert "1-of-2 is a foreign shard" in error and "another job" in error
    assert not (output / "job" / "current").exists()


def test_a_changed_dump(program, job, tmp_path):
    """Shards of before and after a change are never mixed."""
    output = tmp_path / "Tiles"
    shard(program, job, output, "0/2")
    with h5py.File(job.parent / "part-0.h5", "r+") as f:
        f["double"][3, 3] = 99
    error = program.fails(65, "merge", job, "--output", output, "--progress", "none")
    assert "another state of the dump" in error
    shard(program, job, output, "1/2")
    error = program.fails(66, "merge", job, "--output", output, "--progress", "none")
    assert "Shard 0 of 2 is missing" in error and "holds foreign shards, 0/2: of another state of the dump" in error


def test_numbers(program, job, tmp_path):
    """0/4 and 4/4 are the same shard; engines tell their numbers by variables."""
    plan = ["precompute", job, "--plan-only", "--output", tmp_path / "Tiles"]

    def planned(number, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "JOB_COMPLETION"))}
        done = program.run(*plan, "--shard", number, env=environment | {k: str(v) for k, v in variables.items()})
        assert done.returncode in (0, 64), done.stderr
        return done.stdout.split("job, shard ")[1] if done.returncode == 0 else None

    all_four = [planned(f"{i}/4") for i in range(4)]
    assert len(set(all_four)) == 4
    assert planned("4/4") == all_four[0]
    for wrong in ("5/4", "-1/4", "1/0", "a/4", "3", "1/2/3", "auto", "auto/x", "1/70000"):
        assert planned(wrong) is None, wrong
    slurm = dict(SLURM_ARRAY_TASK_MIN=10, SLURM_ARRAY_TASK_MAX=16, SLURM_ARRAY_TASK_STEP=2, SLURM_ARRAY_TASK_COUNT=4)
    assert [planned("auto", SLURM_ARRAY_TASK_ID=10 + 2 * i, **slurm) for i in range(4)] == all_four
    # One task submitted again alone.
    again = dict(SLURM_ARRAY_TASK_MIN=3, SLURM_ARRAY_TASK_MAX=3, SLURM_ARRAY_TASK_STEP=1, SLURM_ARRAY_TASK_COUNT=1)
    assert planned("auto", SLURM_ARRAY_TASK_ID=3, **again) is None
    assert planned("auto/4", SLURM_ARRAY_TASK_ID=3, **again) == all_four[3]
    assert [planned("auto", JOB_COMPLETION_INDEX=i, JOB_COMPLETIONS=4) for i in range(4)] == all_four
    assert planned("auto/4", JOB_COMPLETION_INDEX=2) == all_four[2]
    assert planned("auto", JOB_COMPLETION_INDEX=2) is None
    assert planned("auto/2", JOB_COMPLETION_INDEX=2) is None
    assert not (tmp_path / "Tiles").exists()
