#!/bin/bash
# try_deb.sh OLDER.deb NEWER.deb [FOLDER]: on an empty Debian, installs a package, uses it, upgrades it and purges it. Needs root and debootstrap.
set -euo pipefail
older=$(realpath "$1") newer=$(realpath "$2")
system=${3:-$(mktemp -d)}
[ -d "$system/usr" ] || debootstrap --variant=minbase "${RELEASE:-bookworm}" "$system" >/dev/null
here=$(cd "$(dirname "$0")/../.." && pwd)
install -d "$system/root/packages"
cp "$older" "$system/root/packages/older.deb"
cp "$newer" "$system/root/packages/newer.deb"
cp -r "$here/Jobs/demo.yaml" "$here/Jobs/demo" "$system/root/packages/"
cp /etc/resolv.conf "$system/etc/"
trap 'umount "$system/dev" "$system/proc"' EXIT
mount --bind /proc "$system/proc"
mount --bind /dev "$system/dev"
env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive chroot "$system" bash -euo pipefail -c '
cd /root/packages
apt-get update -qq
apt-get install -y -qq --no-install-recommends ./older.deb >/dev/null
divergence --version
getent passwd divergence >/dev/null && [ "$(stat -c %U /srv/divergence)" = divergence ]
cp -r demo.yaml demo /srv/divergence/ && chown -R divergence /srv/divergence
su -s /bin/sh divergence -c "divergence precompute /srv/divergence/demo.yaml --output /srv/divergence --progress none"
store=$(readlink /srv/divergence/fashion-mnist/current)
echo "# a setting of our own" >> /etc/divergence/serve.yaml
bash -n /usr/share/bash-completion/completions/divergence
for page in /usr/share/man/man1/divergence*.gz; do zcat "$page" | grep -q "^.SH SYNOPSIS"; done

apt-get install -y -qq --no-install-recommends ./newer.deb >/dev/null
dpkg-query -W divergence
[ "$(readlink /srv/divergence/fashion-mnist/current)" = "$store" ]
grep -q "a setting of our own" /etc/divergence/serve.yaml
divergence verify /srv/divergence/fashion-mnist
coproc su -s /bin/sh divergence -c "exec divergence serve /srv/divergence --port 0"
while read -r line <&"${COPROC[0]}"; do case $line in Serving*) url=${line##* }; break;; esac; done
port=${url##*:} port=${port%/}
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3
grep -q "Neural Divergence" <&3
kill "$COPROC_PID"

apt-get purge -y -qq divergence >/dev/null
[ ! -e /usr/bin/divergence ] && [ ! -e /etc/divergence ] && [ ! -e /usr/share/divergence ]
[ "$(readlink /srv/divergence/fashion-mnist/current)" = "$store" ]     # nights of work are not purged
rm -rf /srv/divergence
echo The package works.'
