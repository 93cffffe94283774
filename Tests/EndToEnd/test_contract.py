"""The server against its own OpenAPI document: schemathesis makes the requests and judges the answers. And the program's version."""

import pathlib
import re
import subprocess
import sys

from programs import ROOT
from serving import GOLDEN, Server


def test_the_server_does_what_its_document_says(tmp_path):
    version = (GOLDEN / "current").readlink().name
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(
        f'[parameters]\n"path.dataset" = "golden"\n"path.version" = "{version}"\n"path.layer" = "wide"\n'
    )
    with Server(GOLDEN.parent) as server:
        done = subprocess.run(
            [pathlib.Path(sys.executable).parent / "st", "--config-file", settings, "run",
             f"http://127.0.0.1:{server.port}/openapi.json", "--max-examples", "40", "--seed", "7"],
            capture_output=True, text=True, timeout=300, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, "\n".join(line[:400] for line in done.stdout.splitlines()[-80:])
        assert server.stop() == 0


def test_everything_that_tells_the_version_tells_the_same(program, precompute, dump, values):
    (version,) = re.findall(r'version = "(.*)"', (ROOT / "Sources/Precompute/Plan/PreparedJob.swift").read_text())
    for command in ([], ["precompute"], ["serve"]):
        assert program.ok(*command, "--version").stdout == f"{version}\n"
    store = precompute(dump({"a": values(8, 3)}))
    assert f'"tool" : "divergence {version}"' in (store / "zarr.json").read_text()
