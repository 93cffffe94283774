"""What is not run here but handed to others: Kubernetes' manifests and systemd's units, each judged by its own tool."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml

from programs import PROGRAM, ROOT
from running import events

KUBERNETES = ROOT / "Jobs" / "kubernetes"


# Kubernetes


@pytest.mark.parametrize("version", ["1.37", "1.33"])
@pytest.mark.parametrize("name", ["shards", "merge", "storage"])
def test_manifests_fit_the_schema(name, version, tmp_path):
    text = (KUBERNETES / f"{name}.yaml").read_text()
    (tmp_path / "manifest.yaml").write_text(text)
    validate = [pathlib.Path(sys.executable).parent / "kubernetes-validate", "--strict", "-k", version]
    done = subprocess.run([*validate, tmp_path / "manifest.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    # The tool must be able to find something.
    (tmp_path / "manifest.yaml").write_text(re.sub(r"^  (\w+): ", r"  \1Wrong: ", text, count=1, flags=re.M))
    assert subprocess.run([*validate, tmp_path / "manifest.yaml"], capture_output=True).returncode != 0


def manifest(name):
    return yaml.safe_load((KUBERNETES / f"{name}.yaml").read_text())


def test_the_number_of_shards_is_one(program, dump, rng, tmp_path):
    """As the manifest says it, each index is a shard of its own, and together they are all."""
    spec = manifest("shards")["spec"]
    arguments = spec["template"]["spec"]["containers"][0]["args"]
    shard, count = arguments[arguments.index("--shard") + 1], spec["completions"]
    assert shard == f"auto/{count}" and spec["completionMode"] == "Indexed"
    dump({f"l{i}": rng.normal(size=(40, 6)).astype(np.float32) for i in range(3)}, rng.integers(0, 3, 40), name="night.h5")
    (tmp_path / "job.yaml").write_text("dumps: [night.h5]\n")
    places = {"/job/job.yaml": str(tmp_path / "job.yaml"), "/stores": str(tmp_path / "T")}
    seen = set()
    for index in range(count):
        said = program.ok(*(places.get(a, a) for a in arguments), env={**os.environ, "JOB_COMPLETION_INDEX": str(index)}).stderr
        done = events(said)[-1]
        assert done["event"] == "shard done" and done["of"] == count
        seen.add(done["shard"])
    assert seen == set(range(count))
    merge = manifest("merge")["spec"]["template"]["spec"]["containers"][0]["args"]
    program.ok(*(places.get(a, a) for a in merge))
    single = tmp_path / "single"
    program.ok("precompute", tmp_path / "job.yaml", "--output", single, "--progress", "none")
    assert (tmp_path / "T/job/current/MANIFEST").read_bytes() == (single / "job/current/MANIFEST").read_bytes()


@pytest.mark.parametrize("name", ["shards", "merge"])
def test_exit_codes_mean_what_the_documents_say(name):
    rules = manifest(name)["spec"]["podFailurePolicy"]["rules"]
    action = {code: rule["action"] for rule in rules if "onExitCodes" in rule for code in rule["onExitCodes"]["values"]}
    assert action == {64: "FailJob", 65: "FailJob", 66: "FailJob", 75: "Ignore"}
    pod = manifest(name)["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"  # podFailurePolicy demands it
    assert {r["onExitCodes"]["containerName"] for r in rules if "onExitCodes" in r} == {pod["containers"][0]["name"]}
    volumes = {v["name"] for v in pod["volumes"]}
    assert {m["name"] for m in pod["containers"][0]["volumeMounts"]} == volumes


# systemd


def settings(path):
    lines = [line for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return [tuple(line.split("=", 1)) for line in lines]


@pytest.mark.parametrize("name", ["nightly/divergence-nightly.service", "nightly/divergence-nightly.timer", "hosting/divergence.service"])
def test_units_are_sound(name, tmp_path):
    """systemd's own check, with programs where this machine has them."""
    for unit in (ROOT / "Jobs" / name).parent.glob("divergence*.*"):
        text = unit.read_text().replace("/usr/local/bin/divergence", PROGRAM)
        text = text.replace("/usr/local/share/divergence/prune.sh", str(ROOT / "Jobs/nightly/prune.sh"))
        (tmp_path / unit.name).write_text(text)
    unit = tmp_path / pathlib.Path(name).name

    def complaints():
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
        return [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]

    assert not complaints()
    unit.write_text(unit.read_text().replace("[Unit]", "[Unit]\nNoSuchSetting=yes"))
    assert any("NoSuchSetting" in line for line in complaints())


def test_the_nightly_service_goes_on_after_75():
    service = dict(settings(ROOT / "Jobs/nightly/divergence-nightly.service"))
    assert service["RestartForceExitStatus"] == "75" and service["Restart"] == "on-failure"
    assert {"64", "65", "66"} == set(service["RestartPreventExitStatus"].split())
    timer = dict(settings(ROOT / "Jobs/nightly/divergence-nightly.timer"))
    assert subprocess.run(["systemd-analyze", "calendar", timer["OnCalendar"]], capture_output=True).returncode == 0


def test_the_nightly_command_does_what_its_service_says(dump, rng, tmp_path):
    """The line that systemd would run, on folders of this test: all jobs, one of them wrong; the second night has nothing to do."""
    dump({"a": rng.normal(size=(40, 6)).astype(np.float32)}, rng.integers(0, 3, 40), name="one.h5")
    (tmp_path / "jobs").mkdir()
    for name, text in ("1-gone", "dumps: [gone.h5]"), ("2-one", "name: one\ndumps: [../one.h5]"):
        (tmp_path / "jobs" / f"{name}.yaml").write_text(text + "\n")
    command = dict(settings(ROOT / "Jobs/nightly/divergence-nightly.service"))["ExecStart"]
    for place, here in ("/usr/local/bin/divergence", PROGRAM), ("/etc/divergence/jobs", tmp_path / "jobs"), ("/srv/divergence", tmp_path / "stores"):
        assert place in command
        command = command.replace(place, str(here))
    first = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert first.returncode == 66 and "2 jobs: 1 done, 1 not" in first.stderr and (tmp_path / "stores/one/current").exists()
    second = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert second.returncode == 66 and "unchanged" in second.stderr and "Published" not in second.stderr


def test_old_versions_are_pruned(tmp_path):
    store = tmp_path / "stores" / "a b"
    for version, days in ("0123456789abcdef", 30), ("aaaaaaaaaaaaaaaa", 30), ("bbbbbbbbbbbbbbbb", 3), (".building", 30), ("notes", 30):
        (store / version).mkdir(parents=True)
        (store / version / "x").touch()
        os.utime(store / version, (time.time() - days * 86400,) * 2)
    (store / "current").symlink_to("0123456789abcdef")
    (tmp_path / "stores" / "none").mkdir()
    subprocess.run([ROOT / "Jobs/nightly/prune.sh", tmp_path / "stores", "14"], check=True)
    assert {p.name for p in store.iterdir()} == {"0123456789abcdef", "bbbbbbbbbbbbbbbb", ".building", "notes", "current"}
