#!/usr/bin/env bash
# Builds .venv with roadcall and the named extras; instant and offline when it is already right.
# usage: scripts/environment.sh [EXTRA,...]
set -euo pipefail
cd "$(dirname "$0")/.."
extras=${1:-}
state=$(sha256sum pyproject.toml | cut -d' ' -f1)
stamps=(.venv/.installed-"${extras:-}"*) # more extras than asked for are fine
! grep -qsx "$state" "${stamps[@]}" || exit 0

fail() { printf 'roadcall: %s\n' "$@" >&2; exit 1; }

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
            2>/dev/null && { command -v "$name"; return; }
    done
    fail "Python 3.11, 3.12 or 3.13 is needed and none was found on PATH." \
        "Debian and Ubuntu: sudo apt-get install python3 python3-venv   (or: make PYTHON=/path/to/python3)"
}

# Debian splits venv's pip into a package of its own. Without it, and without root to install it,
# pip bootstraps itself: a wheel can be run as a program.
make_venv() {
    local python=$1 wheel
    "$python" -m venv .venv >/dev/null 2>&1 && return
    rm -rf .venv
    "$python" -m venv --without-pip .venv || fail "$python cannot create a virtual environment." \
        "Debian and Ubuntu: sudo apt-get install python3-venv"
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip --quiet --python .venv/bin/python install pip && return
    fi
    "$python" scripts/fetch_pip.py .venv || fail "$python has neither ensurepip nor pip." \
        "Debian and Ubuntu: sudo apt-get install python3-venv"
    wheel=$(echo .venv/pip-*.whl)
    .venv/bin/python "$wheel/pip" --quiet install --no-index "$wheel"
}

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    echo "Creating .venv with $("$python" --version)"
    make_venv "$python"
fi
echo "Installing roadcall${extras:+ [$extras]} into .venv (a few minutes the first time) ..."
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --prefer-binary \
    --progress-bar off --root-user-action ignore -e ".${extras:+[$extras]}" ||
    fail "the installation failed; pip says why above. It needs the network once: run it again when there is one."
echo "$state" >".venv/.installed-$extras"
