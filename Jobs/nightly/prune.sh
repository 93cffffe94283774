#!/bin/sh
# Removes versions of stores that are older than some days and are not what `current` names.
#   prune.sh /srv/divergence 14
set -eu
stores=${1:?the folder of all stores}
days=${2:?days to keep old versions}
for store in "$stores"/*/; do
  [ -L "${store}current" ] || continue
  current=$(readlink "${store}current")
  find "$store" -mindepth 1 -maxdepth 1 -type d -mtime "+$days" \
    -name '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*' ! -name "$current" -exec rm -rf {} +
done
