#!/bin/bash
# try_wheel.sh WHEEL [FOLDER]: installs the wheel on an empty Debian that has Python alone, and looks at the demo. Needs root and debootstrap.
set -euo pipefail
wheel=$(realpath "$1")
system=${2:-$(mktemp -d)}
# Any release with Python 3.11 and a glibc as new as the wheel says.
[ -d "$system/usr" ] || debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "${RELEASE:-bookworm}" "$system" >/dev/null
cp "$wheel" "$system/root/"
cp /etc/resolv.conf "$system/etc/"
cp "${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$system/etc/ssl/certs/ca-certificates.crt"
trap 'umount "$system/dev" "$system/proc"' EXIT
mount --bind /proc "$system/proc"
mount --bind /dev "$system/dev"
env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin PIP_NO_CACHE_DIR=1 PIP_CERT=/etc/ssl/certs/ca-certificates.crt chroot "$system" bash -euo pipefail -c '
cd /root && rm -rf me .cache && python3 -m venv me
time me/bin/pip install -q '"$(basename "$wheel")"'
me/bin/divergence --version
coproc me/bin/divergence demo --port 0
while read -r line <&"${COPROC[0]}"; do case $line in Serving*) url=${line##* }; break;; esac; done
python3 - "$url" <<PY
import sys, urllib.request as u
assert b"fashion-mnist" in u.urlopen(sys.argv[1] + "api/v1/datasets").read()
assert b"Neural Divergence" in u.urlopen(sys.argv[1]).read()
PY
kill "$COPROC_PID"
me/bin/python - <<PY
import neural_divergence as nd
store = nd.open("/root/.cache/neural-divergence/Tiles/fashion-mnist")
print(store, store["dense_1"].compare("sandal", "sneaker").head(3), sep="\n")
PY
du -sh me
echo The wheel works.'
