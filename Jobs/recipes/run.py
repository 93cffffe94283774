"""Runs the Python of a recipe, block by block, from the project's folder: `run.py resnet.md`. Prints how long each took."""

import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "record"))


def main(page):
    text = (HERE / page).read_text(encoding="utf-8")
    names = {"__name__": "__main__"}
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S), 1):
        begun = time.monotonic()
        exec(compile(block, f"{page}, block {number}", "exec"), names)
        print(f"-- {page}, block {number}: {time.monotonic() - begun:.1f} s", flush=True)
    folder = names["folder"]
    for path in sorted(folder.glob("*.h5")):
        print(f"-- {path.name}: {path.stat().st_size / 1e6:.1f} MB")
    for store in sorted(folder.glob("Tiles/*/current")):
        print(f"-- store {store.parent.name}: {sum(p.stat().st_size for p in store.resolve().rglob('*') if p.is_file()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
