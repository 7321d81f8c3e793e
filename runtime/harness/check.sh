#!/bin/sh
# Types of the replay harness, which no compiler looks at: a name that is missing on a rare path is found here.
# Needs python3 with venv and a package index.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
"$scratch/venv/bin/python" -m mypy --strict --python-version 3.13 --cache-dir "$scratch/cache" "$here/ftlint_replay"
