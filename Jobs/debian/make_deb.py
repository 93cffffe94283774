"""Makes a Debian package: program, web client, systemd units and timer, settings, man pages and shell completions.

    make_deb.py --program .build-release/release/divergence --output .build-release/packages

Needs strip (binutils), dpkg-deb and dpkg-query. Man pages and completions are made from the program's own argument definitions; what it depends
on, from the libraries that it is linked with.
"""

import argparse
import gzip
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

from man import pages

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/divergence",
    "zsh": "usr/share/zsh/vendor-completions/_divergence",
    "fish": "usr/share/fish/vendor_completions.d/divergence.fish",
}


def output_of(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout


def depends(program):
    """The packages of the libraries that the program is linked with, with the version of glibc that it needs."""
    found = set()
    for path in re.findall(r"=> (/\S+)", output_of("ldd", program)):
        # A library is owned under the name that it has in /usr/lib or /lib, one of which is a link to the other.
        for place in (path, f"/usr{path}", str(pathlib.Path(path).resolve())):
            owner = subprocess.run(["dpkg-query", "-S", place], capture_output=True, text=True)
            if owner.returncode == 0:
                found.add(owner.stdout.split(":")[0])
                break
        else:
            raise SystemExit(f"No package has {path}, which the program needs.")
    glibc = max(tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_(\d+\.\d+)", output_of("objdump", "-T", program)))
    return sorted(one if one != "libc6" else f"libc6 (>= {glibc[0]}.{glibc[1]})" for one in found - {"libsnappy1v5"})


def install(folder, place, content, mode=0o644):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)


def stage(folder, program, version):
    """Lays the package's files out in `folder`."""
    (folder / "usr/bin").mkdir(parents=True)
    subprocess.run(["strip", "-g", "-o", folder / "usr/bin/divergence", program], check=True)
    shutil.copytree(ROOT / "web", folder / "usr/share/divergence/web", ignore=shutil.ignore_patterns("package.json", "tsconfig.json", "*.d.ts"))
    # The units and settings of Jobs, at a package's places.
    for unit in ("hosting/divergence.service", "nightly/divergence-nightly.service", "nightly/divergence-nightly.timer"):
        text = (ROOT / "Jobs" / unit).read_text().replace("/usr/local/", "/usr/")
        install(folder, f"lib/systemd/system/{pathlib.Path(unit).name}", text)
    install(folder, "usr/share/divergence/prune.sh", (ROOT / "Jobs/nightly/prune.sh").read_bytes(), 0o755)
    install(folder, "etc/divergence/serve.yaml", (ROOT / "Jobs/hosting/serve.yaml").read_bytes(), 0o640)
    (folder / "etc/divergence/jobs").mkdir()
    for page in ("README.md", "hosting/README.md", "nightly/README.md"):
        install(folder, f"usr/share/doc/divergence/{page.replace('/README', '')}", (ROOT / "Jobs" / page).read_bytes())
    install(folder, "usr/share/doc/divergence/copyright", (ROOT / "LICENSE").read_bytes())
    install(folder, "usr/share/doc/divergence/changelog.gz", gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), 9, mtime=0))
    definitions = json.loads(output_of(program, "--experimental-dump-help"))
    for name, text in pages(definitions["command"], version).items():
        install(folder, f"usr/share/man/man1/{name}.1.gz", gzip.compress(text.encode(), 9, mtime=0))
    for shell, place in COMPLETIONS.items():
        install(folder, place, output_of(program, "--generate-completion-script", shell))


def control(folder, program, version):
    """The package's own files: what it is, what happens when it comes and goes."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1024
    fields = {
        "Package": "divergence", "Version": version, "Architecture": output_of("dpkg", "--print-architecture").strip(), "Section": "science",
        "Priority": "optional", "Maintainer": "Neural Divergence <root@localhost>", "Installed-Size": size,
        "Depends": ", ".join([*depends(program), "passwd"]),
        "Description": "see how a neural network makes its decisions\n"
        " Counts the activations of a network over a data set, and shows one distribution\n per neuron in a browser.",
    }  # fmt: skip
    install(folder, "DEBIAN/control", "".join(f"{key}: {value}\n" for key, value in fields.items()))
    install(folder, "DEBIAN/conffiles", "/etc/divergence/serve.yaml\n")
    for script in ("postinst", "prerm", "postrm"):
        install(folder, f"DEBIAN/{script}", (HERE / script).read_bytes(), 0o755)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "DEBIAN" not in path.relative_to(folder).parts)
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in files]
    install(folder, "DEBIAN/md5sums", "".join(sums))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--revision", default="1", help="of the package, for the same program")
    options = parser.parse_args()
    version = output_of(options.program, "--version").strip()
    package = f"{version}-{options.revision}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "divergence"
        folder.mkdir(mode=0o755)
        stage(folder, options.program, version)
        control(folder, options.program, package)
        for path in folder.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)
        options.output.mkdir(parents=True, exist_ok=True)
        found = options.output / f"divergence_{package}_{output_of('dpkg', '--print-architecture').strip()}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-z2", "--build", folder, found], check=True, stdout=subprocess.DEVNULL)
        print(f"{found}: {found.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
