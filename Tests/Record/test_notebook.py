"""The notebook, from the first cell to the last, as somebody would run it. `ND_NOTEBOOK` names a file to keep the executed one in."""

import os
import pathlib

import nbformat
from conftest import ROOT
from nbclient import NotebookClient


def test_the_story_runs_to_its_end(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "Jobs" / "record"))
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    path = ROOT / "Jobs" / "record" / "story.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "outputs are not committed"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    if os.environ.get("ND_NOTEBOOK"):
        nbformat.write(notebook, pathlib.Path(os.environ["ND_NOTEBOOK"]))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    said = "".join(output.get("text", "") for output in outputs)
    assert "right: " in said and "scores: \"activations/logits\"" in said and "Assumed:" not in said
    data = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in one for one in data) == 2
    assert sum("<iframe" in one.get("text/html", "") for one in data) == 1
    selection = next(one["text/plain"] for one in data if "'layers'" in one.get("text/plain", ""))
    assert "'relu_1', 'relu_2'" in selection and "'ankle boot'" in selection
