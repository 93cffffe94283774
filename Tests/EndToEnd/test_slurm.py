"""A real Slurm cluster on loopback: an array of shards with tasks that are requeued, signalled, killed and cancelled, then the merge."""

import os
import re
import signal
import stat
import subprocess
import sys

import numpy as np
import pytest

from programs import PROGRAM, ROOT
from running import faults

sys.path.insert(0, str(ROOT / "Tests" / "Slurm"))
import cluster as slurm

SUBMIT = ROOT / "Jobs" / "slurm" / "submit.sh"
BATCH = SUBMIT.with_name("divergence.sbatch")
SHARDS = 8


@pytest.fixture
def cluster(request):
    assert not slurm.missing(), f"not installed: {slurm.missing()}; make test-packages installs them"
    with slurm.Cluster(nodes=getattr(request, "param", 4), cpus=2) as cluster:
        yield cluster


@pytest.fixture
def job(dump, rng, tmp_path):
    layers = {f"layer_{i}": (rng.normal(size=(640, 60)).astype(np.float32), {"chunks": (16, 60), "compression": "lzf"}) for i in range(8)}
    dump(layers, rng.integers(0, 5, 640), name="night.h5")
    path = tmp_path / "night.yaml"
    path.write_text("dumps: [night.h5]\n")
    return path


@pytest.fixture
def slow_program(tmp_path):
    """The program, reading slowly enough that something can be done to it; `pid-TASK` beside it tells whom to do it to."""
    path = tmp_path / "divergence-slow"
    settings = " ".join(f"{k}='{v}'" for k, v in faults("night.h5", delay_ms=25).items())
    path.write_text(f"#!/bin/sh\necho $$ > '{tmp_path}/pid-'$SLURM_ARRAY_TASK_ID\nexec env {settings} '{PROGRAM}' \"$@\"\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def submitted(said):
    """Numbers of the array and the merge, and which shards."""
    array = re.search(r"^shards (\S+): job (\d+)$", said, re.M)
    merge = re.search(r"^merge: job (\d+)$", said, re.M).group(1)
    return (*array.groups(), merge) if array else ("", None, merge)


def test_an_array_of_eight(cluster, precompute, job, slow_program, tmp_path):
    single = precompute(job, output=tmp_path / "single")
    logs = tmp_path / "logs"
    logs.mkdir()

    def submit(*more):
        return submitted(cluster.run(
            SUBMIT, job, SHARDS, "--output", tmp_path / "T", "--mem=300", "--cpus-per-task=1", *more, cwd=logs,
            environment={"DIVERGENCE": str(slow_program)}).stdout)

    def log(array, task):
        path = logs / f"divergence-{array}_{task}.log"
        return path.read_text() if path.exists() else ""

    def pid(task):
        return int((tmp_path / f"pid-{task}").read_text())

    shards, array, merge = submit()
    assert shards == "0-7"
    cluster.wait(lambda: all("layer 1 of" in log(array, t) for t in range(5)), "the first tasks")
    cluster.run("scontrol", "requeue", f"{array}_0")
    cluster.run("scancel", "--signal=TERM", "--batch", f"{array}_1")
    cluster.run("scancel", f"{array}_2")
    os.kill(pid(3), signal.SIGKILL)
    # The whole task, a group of processes: the script on the node, and what it runs.
    group = os.getpgid(pid(4))
    assert group != os.getpgid(0)
    os.killpg(group, signal.SIGKILL)
    cluster.wait(lambda: "saved; back into the queue" in log(array, 1), "exit 75 and the requeue")
    cluster.wait(lambda: "killed (SIGKILL)" in log(array, 3), "exit 137 and the requeue")

    # The merge can never begin now, and does not wait for ever.
    cluster.wait(lambda: cluster.tasks(merge).get(None) == "CANCELLED", "the end of the merge")
    others = set(range(SHARDS)) - {2, 4}
    cluster.wait(lambda: all(cluster.tasks(array).get(t) == "COMPLETED" for t in others), "the other tasks")
    assert cluster.tasks(array)[2] == "CANCELLED" and cluster.tasks(array)[4] == "FAILED"
    assert not (tmp_path / "T" / "night" / "current").exists()
    for task in range(SHARDS):
        assert log(array, task).count("night, shard") == (2 if task in (0, 1, 3) else 1), f"task {task} was not begun as often as it should"

    # One line submits what is missing, and the merge.
    shards, array, merge = submit("--missing")
    assert shards == "2,4"
    cluster.wait(lambda: cluster.tasks(merge).get(None) == "COMPLETED", "the merge")
    current = tmp_path / "T" / "night" / "current"
    assert (current / "MANIFEST").read_bytes() == (single / "MANIFEST").read_bytes()
    assert "Published" in (logs / f"divergence-{merge}.log").read_text()

    # Nothing is missing any more; the merge alone is submitted, and names the version again.
    shards, array, merge = submit("--missing")
    assert (shards, array) == ("", None)
    cluster.wait(lambda: cluster.tasks(merge).get(None) == "COMPLETED", "the merge")


@pytest.mark.parametrize("cluster", [1], indirect=True)
def test_preemption(cluster, precompute, job, slow_program, tmp_path):
    """What is urgent takes the node: the shard saves, makes room, and goes on afterwards."""
    single = precompute(job, output=tmp_path / "single")
    said = cluster.run(
        SUBMIT, job, 1, "--output", tmp_path / "T", "--mem=300", "--cpus-per-task=2", cwd=tmp_path,
        environment={"DIVERGENCE": str(slow_program)}).stdout
    _, array, merge = submitted(said)
    log = tmp_path / f"divergence-{array}_0.log"
    cluster.wait(lambda: log.exists() and "layer 2 of" in log.read_text(), "the shard")
    urgent = cluster.run("sbatch", "--parsable", "--partition=urgent", "--cpus-per-task=2", "--mem=300", "--output=/dev/null", "--wrap", "sleep 1").stdout.strip()
    cluster.wait(lambda: cluster.tasks(urgent).get(None) == "COMPLETED", "what is urgent")
    assert "Stopped by a signal" in log.read_text()
    cluster.wait(lambda: cluster.tasks(merge).get(None) == "COMPLETED", "the merge")
    assert log.read_text().count("night, shard") == 2
    assert (tmp_path / "T" / "night" / "current" / "MANIFEST").read_bytes() == (single / "MANIFEST").read_bytes()


def test_memory_and_lanes_are_what_slurm_granted(cluster, job, tmp_path):
    said = tmp_path / "said"
    task = cluster.run(
        "sbatch", "--parsable", "--mem-per-cpu=400", "--cpus-per-task=2", f"--output={said}", "--wrap",
        f"'{PROGRAM}' precompute '{job}' --output '{tmp_path / 'T'}' --progress json").stdout.strip()
    cluster.wait(lambda: cluster.tasks(task).get(None) == "COMPLETED", "the task")
    assert f'"memory_budget":{800 * 2**20 // 10 * 9}' in said.read_text() and '"lanes":2' in said.read_text()


@pytest.mark.parametrize("ends, restarts, state, code, requeued, says", [
    ("exit 0", 0, "RUNNING", 0, False, ""),
    ("exit 65", 0, "RUNNING", 65, False, "failed with exit code 65: .* submit.sh with --missing"),
    ("exit 75", 9, "RUNNING", 75, True, "saved; back into the queue"),
    ("exit 75", 0, "COMPLETING", 75, False, ""),
    ("kill -9 $$", 2, "RUNNING", 137, True, "killed .* back into the queue"),
    ("kill -9 $$", 3, "RUNNING", 137, False, "killed .* more --mem"),
    ("kill -9 $$", 0, "CANCELLED", 137, False, "killed .* more --mem"),
])
def test_what_follows_an_exit_code(tmp_path, ends, restarts, state, code, requeued, says):
    """The script on the node, beside a queue that only writes down what it is told."""
    scontrol = tmp_path / "scontrol"
    scontrol.write_text(f"#!/bin/sh\necho \"$@\" >> '{tmp_path}/told'\necho 'JobId=7 JobState={state} Reason=None'\n")
    scontrol.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "7", "SLURM_RESTART_COUNT": str(restarts)}
    done = subprocess.run(["bash", BATCH, "sh", "-c", ends], capture_output=True, text=True, env=environment)
    told = (tmp_path / "told").read_text() if (tmp_path / "told").exists() else ""
    assert done.returncode == code and ("requeue 7" in told) == requeued
    assert re.search(says, done.stdout) if says else not re.search("queue|--missing", done.stdout)


@pytest.mark.parametrize("arguments", [[], ["job.yaml"], ["job.yaml", "0"], ["job.yaml", "many"]])
def test_submit_says_how_it_is_used(arguments):
    done = subprocess.run([SUBMIT, *arguments], capture_output=True, text=True)
    assert done.returncode == 64 and "JOB.yaml SHARDS" in done.stderr


def test_submit_of_what_is_not_there(tmp_path):
    (tmp_path / "job.yaml").write_text("dumps: [x.h5]\n")
    done = subprocess.run([SUBMIT, tmp_path / "job.yaml", "4"], capture_output=True, text=True, env={**os.environ, "DIVERGENCE": "/nowhere/divergence"})
    assert done.returncode == 66 and "DIVERGENCE" in done.stderr
    done = subprocess.run([SUBMIT, tmp_path / "no.yaml", "4"], capture_output=True, text=True, env={**os.environ, "DIVERGENCE": PROGRAM})
    assert done.returncode == 66 and "no.yaml" in done.stderr
