#!/usr/bin/env bash
# The hook as users have it: the real pre-commit from PyPI, in a git repository of its own. Not part of `cargo test`,
# because it needs a release build and PyPI.
#
#     cli/tests/pre_commit.sh            pre-commit clones this repository at HEAD and builds it with maturin
#     cli/tests/pre_commit.sh some.whl   tests this wheel, below the same hook definition
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/tools"
"$work/tools/bin/pip" install --quiet --disable-pip-version-check pre-commit

if [[ $# -eq 0 ]]; then
    hook=$root
    # The clone is compiled where the dependencies are compiled already.
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
else
    wheel=$(realpath "$1")
    hook=$work/hook
    mkdir -p "$hook" && cd "$hook"
    cp "$root/.pre-commit-hooks.yaml" .
    cat > setup.py <<EOF
from setuptools import setup
setup(name="ftlint-hook", version="0", py_modules=[], install_requires=["ftlint @ file://$wheel"])
EOF
    git init --quiet && git add --all
    git -c user.name=t -c user.email=t@example.invalid commit --quiet --message hook
fi
revision=$(git -C "$hook" rev-parse HEAD)

# The counter is in one file, the threads are in another; only the first is committed later.
mkdir -p "$work/project/app" && cd "$work/project"
printf '[project]\nname = "project"\n' > pyproject.toml
touch app/__init__.py
cat > app/main.py <<'EOF'
import threading

from app import stats

for _ in range(2):
    threading.Thread(target=stats.note).start()
EOF
printf 'handled = 0\n\n\ndef note():\n    pass\n' > app/stats.py
cat > .pre-commit-config.yaml <<EOF
repos:
  - repo: file://$hook
    rev: $revision
    hooks:
      - id: ftlint
        args: [--output-format=concise, --min-confidence=high]
EOF
git init --quiet && git config user.name t && git config user.email t@example.invalid
export PRE_COMMIT_HOME=$work/cache
"$work/tools/bin/pre-commit" install > /dev/null
git add --all && git commit --quiet --message "nothing to find" 2> "$work/first" || { cat "$work/first"; exit 1; }
echo "ok: a clean commit passes"

printf 'handled = 0\n\n\ndef note():\n    global handled\n    handled += 1\n' > app/stats.py
git add --all
if git commit --quiet --message "a race" > "$work/second" 2>&1; then
    echo "FAILED: the race was committed"; cat "$work/second"; exit 1
fi
grep --quiet 'app/stats.py:6:5: FTL102 .*high' "$work/second" || { echo "FAILED:"; cat "$work/second"; exit 1; }
echo "ok: one changed file is judged with the threads of another"

printf '\n[tool.ftlint]\nexclude = ["stats.py"]\n' >> pyproject.toml
git add --all && git commit --quiet --message "excluded" 2> "$work/third" || { cat "$work/third"; exit 1; }
echo "ok: excluded files are left out"
