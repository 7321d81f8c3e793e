#!/bin/sh
# Clients that nobody here wrote, against the binary that is named: run.sh target/debug/ftlint
# Needs python3 with venv and a package index; the replay in it needs a free-threaded Python (`ftlint runtime install`).
set -eu
FTLINT=$(realpath "$1")
export FTLINT
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cd "$here"
timeout 120 "$scratch/venv/bin/python" -m pytest -q -p no:cacheprovider .
