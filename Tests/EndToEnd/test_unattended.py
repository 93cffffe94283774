"""A night without anybody: progress for logs and programs, several jobs, interruptions, and what is said about them."""

import json
import os
import pty
import signal
import subprocess

import h5py
import numpy as np
import pytest
import zarr

from programs import PROGRAM
from running import Running, events, faults
from serving import Server


@pytest.fixture
def slow(dump, rng):
    """A dump of three layers, and the environment in which reading it takes some seconds."""
    layers = {f"layer_{i}": (rng.normal(size=(900, 70)).astype(np.float32), {"chunks": (15, 70), "compression": "lzf"}) for i in range(3)}
    return dump(layers, rng.integers(0, 4, 900), name="slow.h5"), faults("slow.h5", delay_ms=8)


@pytest.fixture
def odd(dump, rng):
    """Layers with what a summary must find; returns the dump and what is in it."""
    x = rng.normal(size=(400, 30)).astype(np.float32)
    x[:, [3, 4, 5]] = 0
    x[:, 7] = 2.5
    x[:, 9] = np.nan
    x[5, 11], x[6, 11], x[7, 12] = np.nan, np.inf, -np.inf
    x[8, 15] = 1e30
    plain = rng.normal(size=(400, 8)).astype(np.float32)
    found = {"nan": 401, "infinite": 2, "missing_rows": 0, "masked_samples": 0, "dead": 3, "constant": 1, "empty": 1, "outlier_windows": 1}
    return dump({"a_odd": x, "b_plain": plain}, rng.integers(0, 3, 400)), found


def test_programs_are_told_what_was_left_out_and_assumed(program, tmp_path, rng):
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as f:
        f["net/fc"], f["old/targets"], f["obs/kind"], f["net/pred"] = rng.random((40, 3), np.float32), np.arange(40) % 4, np.arange(40) % 2, np.arange(40) % 4
    done = program.ok("precompute", path, "--output", tmp_path / "T", "--progress", "json")
    published = events(done.stderr)[-1]
    assert published["event"] == "published"
    assert [each["path"] for each in published["left_out"]] == ["/obs/kind"] and "labels: /obs/kind" in published["left_out"][0]["why"]
    assert len(published["assumed"]) == 2 and all(any(each.startswith(path) for each in published["assumed"]) for path in ("/old/targets ", "/net/pred "))
    kept = json.loads((tmp_path / "T" / "d" / "current" / "zarr.json").read_text())["attributes"]["provenance"]
    looked = json.loads(program.ok("inspect", path, "--json").stdout)
    for key in ("left_out", "assumed"):
        assert published[key] == kept[key] == looked[key]
    # The same lines after `Published …`, and none with `none`.
    said = program.ok("precompute", path, "--output", tmp_path / "U", "--progress", "auto").stderr.split("Published", 1)[1]
    lines = [line.strip() for line in said.splitlines()]
    assert [line for line in lines if line.startswith("Left out: ")] == [f"Left out: {each['path']}: {each['why']}" for each in published["left_out"]]
    assert [line for line in lines if line.startswith("Assumed: ")] == [f"Assumed: {each}" for each in published["assumed"]]
    assert program.ok("precompute", path, "--output", tmp_path / "V", "--progress", "none").stderr == ""


def manifest(store):
    return (store / "MANIFEST").read_bytes()


# Progress


def test_events_for_programs(program, odd, tmp_path):
    path, found = odd
    seen = events(program.ok("precompute", path, "--output", tmp_path / "T", "--progress", "json", "--memory", "512MiB").stderr)
    names = [e["event"] for e in seen]
    assert names[0] == "plan" and names[-1] == "published" and names.count("layer") == names.count("layer done") == 2
    assert all(e["job"] == "dump" and e["time"].endswith("Z") for e in seen)
    plan, progress, published = seen[0], next(e for e in seen if e["event"] == "progress"), seen[-1]
    assert plan["rows"] == 400 and plan["layers"] == ["a_odd", "b_plain"] and plan["memory_budget"] == 512 << 20
    assert plan["bytes"] >= 400 * 38 * 4
    assert {"layer", "number", "of", "layer_bytes", "layer_bytes_done", "bytes", "bytes_done", "share", "bytes_per_second", "seconds_left", "memory", "memory_peak"} <= progress.keys()
    assert 0 < progress["bytes_done"] <= progress["bytes"] == plan["bytes"] and 0 < progress["memory"] <= progress["memory_peak"] < 512 << 20
    layers = {l.pop("layer"): l for l in published["layers"]}
    assert {k: layers["a_odd"][k] for k in found} == found and layers["a_odd"]["neurons"] == 30
    assert not any(layers["b_plain"][k] for k in found)
    assert (published["nan"], published["infinite"], published["rows"]) == (401, 2, 400)
    store = tmp_path / "T" / "dump"
    assert published["path"] == str(store / published["version"]) and (store / "current").resolve().name == published["version"]


def test_dead_means_the_same_to_the_run_and_to_the_server(program, dump, tmp_path):
    """In a run's summary, in the server's, and, since that is made of the latter, on the page."""
    rows = 60
    kinds = {
        "dead": np.zeros(rows), "dead, with a negative zero": np.where(np.arange(rows) == 7, -0.0, 0), "one value": np.eye(1, rows)[0],
        "zeros and a NaN": np.where(np.arange(rows) == 5, np.nan, 0), "zeros and an infinity": np.where(np.arange(rows) == 5, np.inf, 0),
        "constant": np.full(rows, 2.5), "constant and a NaN": np.where(np.arange(rows) == 5, np.nan, 2.5),
        "NaN": np.full(rows, np.nan), "infinite": np.full(rows, -np.inf), "dead in one class": np.where(np.arange(rows) % 3 == 1, 0, 1 + np.arange(rows))}
    values, labels = np.stack(list(kinds.values()), 1).astype(np.float32), np.arange(rows) % 3
    path = dump({"a": values}, labels)
    published = events(program.ok("precompute", path, "--output", tmp_path / "T", "--progress", "json").stderr)[-1]
    groups = [np.full(rows, True), *(labels == label for label in range(3))]
    dead = [int((values[group] == 0).all(0).sum()) for group in groups]
    assert dead[0] == 2 and len(set(dead)) > 1
    with Server(tmp_path / "T") as server:
        summary = server.json(f"/api/v1/datasets/dump/{published['version']}/layers/a/summary")
    assert summary["dead"] == dead
    layer = published["layers"][0]
    assert layer["dead"] == dead[0]
    finite = np.isfinite(values)
    assert layer["empty"] == (~finite.any(0)).sum() == 2
    assert layer["constant"] == ((values == values[0]).all(0) & finite.all(0) & (values[0] != 0)).sum() == 1


def test_a_log_gets_lines(program, odd, tmp_path):
    said = program.ok("precompute", odd[0], "--output", tmp_path / "T s").stderr
    assert "\r" not in said and "\x1b" not in said and "{" not in said
    assert "layer 1 of 2, a_odd" in said and "b_plain done in" in said
    end = said[said.index("Published"):]
    for words in ("400 rows", "2 layers", "401 NaN", "2 infinite", "3 neurons dead", "1 neuron constant", "1 neuron without a finite value", "1 neuron with far outliers"):
        assert words in end, f"{words!r} is not in: {end}"
    assert f"divergence serve '{tmp_path / 'T s'}'" in end and "Unusual in b_plain" not in end


def test_a_terminal_gets_a_bar(odd, tmp_path):
    ours, theirs = pty.openpty()
    with subprocess.Popen([PROGRAM, "precompute", odd[0], "--output", tmp_path / "T"], stderr=theirs) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:  # the terminal is hung up when its last writer ends
            pass
        os.close(ours)
    assert process.returncode == 0
    assert "█".encode() in said or "░".encode() in said
    assert b"\r\x1b[K" in said and b"Published" in said


def test_what_nobody_reads_ends_nothing(odd, tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [PROGRAM, "precompute", odd[0], "--output", tmp_path / "T", "--progress", "json"]
    assert subprocess.run(command, stderr=write).returncode == 0
    os.close(write)
    assert (tmp_path / "T" / "dump" / "current").exists()


# Several jobs


@pytest.fixture
def jobs(tmp_path, rng):
    for name, shift in ("one", 0), ("two", 1):
        with h5py.File(tmp_path / f"{name}.h5", "w") as f:
            f["a"] = rng.normal(shift, size=(50, 9)).astype(np.float32)
            f["labels"] = rng.integers(0, 3, 50)
        (tmp_path / f"{name}.yaml").write_text(f"dumps: [{name}.h5]\n")
    (tmp_path / "gone.yaml").write_text("dumps: [gone.h5]\n")
    (tmp_path / "wrong.yaml").write_text("dumps: [one.h5]\nlayers: [nosuch]\n")
    return tmp_path


def test_several_jobs(program, jobs):
    names = ["one", "gone", "wrong", "two"]
    done = program.run("precompute", *(jobs / f"{n}.yaml" for n in names), "--output", jobs / "T", "--progress", "json")
    assert done.returncode == 66, done.stderr
    assert {p.parent.name for p in (jobs / "T").glob("*/current")} == {"one", "two"}
    summary = events(done.stderr)[-1]
    assert summary["event"] == "summary" and [j["exit_code"] for j in summary["jobs"]] == [0, 66, 65, 0]
    assert [bool(j["path"]) for j in summary["jobs"]] == [True, False, False, True]
    said = program.run("precompute", *(jobs / f"{n}.yaml" for n in names), "--output", jobs / "T").stderr
    assert "4 jobs: 2 done, 2 not" in said and "exit 65" in said.splitlines()[-2] and "gone.h5" in said.splitlines()[-3]


def test_two_jobs_of_one_name(program, jobs):
    (jobs / "again.yaml").write_text("name: one\ndumps: [two.h5]\n")
    done = program.run("precompute", jobs / "one.yaml", jobs / "again.yaml", "--output", jobs / "T", "--progress", "none")
    assert done.returncode == 65 and "again.yaml" in done.stderr and "one.yaml" in done.stderr
    assert dict(zarr.open_group(jobs / "T" / "one" / "current", mode="r").attrs)["provenance"]["dumps"][0]["name"] == "one.h5"


def test_a_signal_ends_all_jobs(slow, jobs):
    path, environment = slow
    (jobs / "slow.yaml").write_text("dumps: [slow.h5]\n")
    with Running(jobs / "slow.yaml", jobs / "one.yaml", "--output", jobs / "T", environment=environment) as run:
        run.until("progress")
        run.process.send_signal(signal.SIGTERM)
        run.end(75)
    assert run.events[-1]["event"] == "summary" and [j["exit_code"] for j in run.events[-1]["jobs"]] == [75, 75]
    assert not list((jobs / "T").glob("*/current"))


def test_what_has_not_changed_is_passed_over(program, jobs):
    def run(*more):
        return events(program.ok("precompute", jobs / "one.yaml", jobs / "two.yaml", "--output", jobs / "T", "--progress", "json", *more).stderr)

    run("--if-changed")
    assert [e["event"] for e in run("--if-changed")] == ["unchanged", "unchanged", "summary"]
    os.utime(jobs / "one.h5")
    assert [(e["event"], e["job"]) for e in run("--if-changed")[:-1] if e["event"] in ("published", "unchanged")] == [("published", "one"), ("unchanged", "two")]
    assert [e["event"] for e in run()].count("published") == 2
    # What a first visit shows changes no count, but the store.
    (jobs / "two.yaml").write_text((jobs / "two.yaml").read_text() + "start: {text: Look at this}\n")
    assert [e["job"] for e in run("--if-changed") if e["event"] == "published"] == ["two"]
    assert json.loads((jobs / "T/two/current/zarr.json").read_text())["attributes"]["start"]["text"] == "Look at this"


def test_a_file_behind_a_link_has_changed(program, jobs):
    with h5py.File(jobs / "link.h5", "w") as f:
        f["a"] = h5py.ExternalLink("one.h5", "/a")
        f["labels"] = np.arange(50) % 3
    (jobs / "link.yaml").write_text("dumps: [link.h5]\nfollow: true\n")

    def run():
        done = program.ok("precompute", jobs / "link.yaml", "--output", jobs / "T", "--progress", "json", "--if-changed")
        return {"published", "unchanged"} & {e["event"] for e in events(done.stderr)}

    assert [run(), run()] == [{"published"}, {"unchanged"}]
    os.utime(jobs / "one.h5")
    assert [run(), run()] == [{"published"}, {"unchanged"}]


# Interruptions


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP])
def test_a_signal_saves(program, precompute, slow, tmp_path, number):
    path, environment = slow
    with Running(path, "--output", tmp_path / "T", environment=environment) as run:
        run.until("layer done")
        run.process.send_signal(number)
        said = run.end(75)
    assert "Kept" in said and "1 of 3 layers, layer_0" in said
    assert run.events[-1] == {**run.events[-1], "event": "stopped", "exit_code": 75, "layers_kept": ["layer_0"]}
    assert not list((tmp_path / "T").glob("*/current"))
    seen = events(program.ok("precompute", path, "--output", tmp_path / "T", "--progress", "json").stderr)
    assert [e["layer"] for e in seen if e["event"] == "layer kept"] == ["layer_0"] == seen[-1]["layers_kept"]
    assert manifest(tmp_path / "T" / "slow" / "current") == manifest(precompute(path, output=tmp_path / "undisturbed"))


# Merging reads no values, and without labels nothing else.
@pytest.mark.parametrize("command, labelled", [
    (["precompute"], True), (["precompute"], False), (["precompute", "--plan-only"], False), (["precompute", "--shard", "0/2"], False), (["merge"], True)])
def test_planning_does_not_wait_for_a_disk(program, dump, rng, tmp_path, command, labelled):
    """A signal ends it also where a column, or else values of a layer, are waited for for ever."""
    path = dump({"a": rng.normal(size=(30, 4)).astype(np.float32)}, np.arange(30) % 3 if labelled else None, name="slow.h5")
    if command == ["merge"]:
        for number in range(2):
            program.ok("precompute", path, "--shard", f"{number}/2", "--output", tmp_path / "T", "--progress", "none")
    fifo = tmp_path / "told"
    os.mkfifo(fifo)
    arguments = [PROGRAM, command[0], path, *command[1:], "--output", tmp_path / "T", "--progress", "json"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env={**os.environ, **faults("slow.h5", hang=fifo, parent=1)}) as process:
        try:
            assert int(fifo.read_text()) == process.pid
            process.terminate()
            said = process.communicate(timeout=60)[1]
        finally:
            process.kill()
    assert process.returncode == 75, said
    stopped = events(said)[-1]
    assert stopped["event"] == "stopped" and stopped["exit_code"] == 75 and "Run the same command again." in stopped["message"]
    assert not list((tmp_path / "T").glob("*/current")) and not list((tmp_path / "T").glob("*/.building"))


def test_nohup_is_heeded(slow, tmp_path):
    path, environment = slow
    with Running(path, "--output", tmp_path / "T", environment=environment, before=["nohup"], stdin=subprocess.DEVNULL) as run:
        run.until("layer done")
        run.process.send_signal(signal.SIGHUP)
        run.end(0)


@pytest.mark.parametrize("what", ["program", "job", "input"])
def test_what_changed_is_named(program, precompute, slow, tmp_path, what):
    path, environment = slow
    job = tmp_path / "slow.yaml"
    job.write_text("dumps: [slow.h5]\n")
    with Running(job, "--output", tmp_path / "T", environment=environment) as run:
        run.until("layer done")
        run.process.kill()
        run.process.wait()
    if what == "program":
        mark = tmp_path / "T" / "slow" / ".building" / ".scratch" / "fingerprint"
        mark.write_text(mark.read_text().replace("divergence 0.", "divergence 9.", 1))
        words = "divergence 9."
    elif what == "job":
        job.write_text("dumps: [slow.h5]\ngroups: [{name: first, where: 'row < 100'}]\n")
        words = "groups"
    else:
        with h5py.File(path, "r+") as f:
            f["layer_0"][3, 3] = 99
        words = "slow.h5"
    done = program.ok("precompute", job, "--output", tmp_path / "T", "--progress", "json")
    anew = next(e for e in events(done.stderr) if e["event"] == "anew")
    assert anew["because"] == [what] and words in anew["words"]
    assert "layer kept" not in done.stderr
    assert manifest(tmp_path / "T" / "slow" / "current") == manifest(precompute(job, output=tmp_path / "fresh"))


def test_the_same_dump_after_a_restart_of_the_machine(program, slow, tmp_path):
    """Numbers of devices are not those of yesterday; a job must not begin anew for that."""
    path, environment = slow
    with Running(path, "--output", tmp_path / "T", environment=environment) as run:
        run.until("layer done")
        run.process.kill()
    mark = (tmp_path / "T" / "slow" / ".building" / ".scratch" / "fingerprint").read_text()
    assert str(os.stat(path).st_ino) in mark and '"device"' not in mark


def test_two_runs_at_once(program, slow, tmp_path):
    path, environment = slow
    with Running(path, "--output", tmp_path / "T", environment=environment) as first:
        first.until("progress")
        first.process.send_signal(signal.SIGSTOP)
        said = program.fails(73, "precompute", path, "--output", tmp_path / "T", "--progress", "none")
        assert f"process {first.process.pid} on " in said and "slow" in said
        # Another store in the same folder is nobody's business.
        os.link(path, path.with_name("other.h5"))
        program.ok("precompute", path.with_name("other.h5"), "--output", tmp_path / "T", "--progress", "none")
        first.process.kill()
        first.process.wait()
    program.ok("precompute", path, "--output", tmp_path / "T", "--progress", "none")


# What engines grant


@pytest.mark.parametrize("granted, budget", [
    ({"SLURM_MEM_PER_NODE": "1000"}, 900), ({"SLURM_MEM_PER_CPU": "500", "SLURM_CPUS_ON_NODE": "4"}, 1800),
    ({"SLURM_MEM_PER_NODE": "20000", "SLURM_MEM_PER_CPU": "1"}, 18000)])
def test_memory_and_lanes_follow_slurm(program, odd, tmp_path, granted, budget):
    environment = {**os.environ, **granted, "SLURM_CPUS_PER_TASK": "1"}
    plan = events(program.ok("precompute", odd[0], "--output", tmp_path / "T", "--progress", "json", env=environment).stderr)[0]
    assert abs(plan["memory_budget"] / 2**20 - budget) < 1 and plan["lanes"] == 1
    said = events(program.ok("precompute", odd[0], "--output", tmp_path / "T", "--progress", "json", "--memory", "300MiB", env=environment).stderr)[0]
    assert said["memory_budget"] == 300 << 20


def test_too_little_memory_granted(program, odd, tmp_path):
    said = program.fails(64, "precompute", odd[0], "--output", tmp_path / "T", "--progress", "none", env={**os.environ, "SLURM_MEM_PER_NODE": "100"})
    assert "90 MiB" in said and "--mem" in said
