"""Makes a platform wheel: the program with the libraries that it needs, the web client, the demo, recorder and reader.

    make_wheel.py --program .build-release/release/divergence --output .build-release/wheels

Needs strip (binutils) and patchelf. The wheel's tag names the newest version of glibc that any of its files asks for.
"""

import argparse
import base64
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Part of every glibc system; all others come along.
SYSTEM = re.compile(r"(linux-vdso|ld-linux.*|libc|libm|libdl|libpthread|librt|libresolv|libutil)\.so(\..*)?$")
REQUIRES = ["h5py>=3.10", "hdf5plugin>=4.4", "numpy>=1.26", "pandas>=2.2", "zarr>=3.0"]


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def libraries(program):
    """The shared libraries that it needs, those of libraries included, but for those of glibc: `{name: path}`."""
    found = dict(re.findall(r"^\s*(\S+) => (/\S+)", output_of("ldd", str(program)), re.M))
    missing = re.findall(r"^\s*(\S+) => not found", output_of("ldd", str(program)), re.M)
    if missing:
        raise SystemExit(f"{program} needs {', '.join(missing)}, which this system lacks.")
    return {name: path for name, path in found.items() if not SYSTEM.match(name)}


def glibc(paths):
    """The newest version of glibc that any of the files asks for."""
    versions = [tuple(map(int, v.split("."))) for path in paths for v in re.findall(r"GLIBC_(\d+\.\d+)", output_of("objdump", "-T", str(path)))]
    return max(version[:2] for version in versions)


def stage(folder, program):
    """Lays the package out in `folder`."""
    package = folder / "neural_divergence"
    shutil.copytree(HERE / "neural_divergence", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "web", package / "web", ignore=shutil.ignore_patterns("package.json", "tsconfig.json", "*.d.ts"))
    (package / "demo").mkdir()
    shutil.copy(ROOT / "Jobs/demo.yaml", package / "demo.yaml")
    shutil.copy(ROOT / "Jobs/demo/fashion-small.h5", package / "demo/fashion-small.h5")
    (package / "bin").mkdir()
    (package / "lib").mkdir()
    binary = package / "bin/divergence"
    subprocess.run(["strip", "-s", "-o", binary, program], check=True)
    subprocess.run(["patchelf", "--set-rpath", "$ORIGIN/../lib", binary], check=True)
    for name, path in libraries(program).items():
        shutil.copy(path, package / "lib" / name)
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN", package / "lib" / name], check=True)
    return package


def metadata(version, tag):
    description = (HERE / "README.md").read_text(encoding="utf-8")
    fields = [
        "Metadata-Version: 2.1", "Name: neural-divergence", f"Version: {version}", "Summary: See how a neural network makes its decisions",
        "License: MIT", "Requires-Python: >=3.11", *[f"Requires-Dist: {one}" for one in REQUIRES], "Description-Content-Type: text/markdown",
    ]  # fmt: skip
    return {
        "METADATA": "\n".join(fields) + "\n\n" + description,
        "WHEEL": f"Wheel-Version: 1.0\nGenerator: make_wheel.py\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n",
        "entry_points.txt": "[console_scripts]\ndivergence = neural_divergence.command:main\n",
        "top_level.txt": "neural_divergence\n",
        "LICENSE": (ROOT / "LICENSE").read_text(encoding="utf-8"),
    }


def pack(folder, wheel):
    """Zips it, with the list of checksums that wheels have. The same files give the same bytes."""
    info = next(folder.glob("*.dist-info")).name
    record = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(content)}")
            write(archive, name, content, 0o755 if os.access(path, os.X_OK) else 0o644)
        write(archive, f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]).encode(), 0o644)


def write(archive, name, content, mode):
    entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    version = output_of(str(options.program), "--version").strip()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        package = stage(folder, options.program)
        major, minor = glibc([package / "bin/divergence", *(package / "lib").iterdir()])
        tag = f"manylinux_{major}_{minor}_{platform.machine()}"
        info = folder / f"neural_divergence-{version}.dist-info"
        info.mkdir()
        for name, text in metadata(version, tag).items():
            (info / name).write_text(text, encoding="utf-8")
        options.output.mkdir(parents=True, exist_ok=True)
        wheel = options.output / f"neural_divergence-{version}-py3-none-{tag}.whl"
        pack(folder, wheel)
        libs = ", ".join(sorted(path.name for path in (package / "lib").iterdir()))
        print(f"{wheel}: {wheel.stat().st_size / 1e6:.1f} MB, for glibc {major}.{minor} or later; beside the program: {libs}")


if __name__ == "__main__":
    main()
