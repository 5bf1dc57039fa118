#!/usr/bin/env bash
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prepares one virtual environment for make: tools/setup.sh demo|test|importer|newest
# Each is installed once and again when its requirements change: the stamp lies inside the environment, so a removed environment
# takes its stamp along. PYTHON=/path/to/python3.12 overrides the search.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

# Prints the real path of the first interpreter among the given names that starts and satisfies $1, a Python expression.
# Started, not just found: a pyenv shim is an executable file whose Python may not exist. The base of a virtual environment is
# told, not itself: ours may be active, and would be asked to replace itself.
find_python() {
  local wants=$1 name dir
  shift
  for name in "$@"; do
    while IFS= read -r dir; do
      [ -x "$dir/$name" ] || continue
      "$dir/$name" -c "import ssl, sys; v = sys.version_info[:2]; $wants or sys.exit(1); print(sys._base_executable)" 2>/dev/null && return 0
    done < <(tr ':' '\n' <<<"$PATH"; printf '%s\n' "${PYENV_ROOT:-${HOME:-/root}/.pyenv}"/versions/*/bin)
  done
  return 1
}

# Debian and Ubuntu split Python: the interpreter comes without ensurepip, so without a working `python -m venv`.
apt_or_name_it() {
  local why=$1
  shift
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "$why: installing $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  else
    say "$why. Type:"
    say "  sudo apt-get update && sudo apt-get install -y $*"
    say "then run make again."
    exit 1
  fi
}

# The oldest first: what works on the floor works above, and the newest core has an environment of its own. A distribution's own is
# built with profiles, one of pyenv is not unless asked: the same tests take 9 % less processor.
floor_python() {
  local names=(python3.11 python3.12 python3.13 python3.14) supported='(3, 11) <= v <= (3, 14)'
  PATH=/usr/bin:$PATH find_python "$supported and __import__(\"ensurepip\")" "${names[@]}" || find_python "$supported" "${names[@]}" python3
}

given_python() {
  "$PYTHON" -c 'import ssl, sys; sys.version_info[:2] >= (3, 11) or sys.exit(1); print(sys._base_executable)' 2>/dev/null
}

make_floor_venv() {
  [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null || return 0
  local python
  if [ -n "${PYTHON:-}" ]; then
    python=$(given_python) || { say "PYTHON=$PYTHON is not a Python 3.11 or newer that starts. Leave it out, or give the path of one."; exit 1; }
  elif ! python=$(floor_python); then
    apt_or_name_it "Python 3.11 or newer is needed and none was found" python3 python3-venv
    python=$(floor_python) || { say "This system's python3 is older than 3.11: install a newer one and give its path with PYTHON=..."; exit 1; }
  fi
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    apt_or_name_it "$python cannot make virtual environments" "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  fi
  say "Making .venv with $("$python" -V) ($python)"
  "$python" -m venv --clear .venv
}

install() {
  local venv=$1 stamp=$2
  shift 2
  say "Installing $* into $venv"
  # The community collections are 10,000 Python files of which a run imports a handful, and Ansible compiles those itself; all else is
  # compiled here: a task that imports requests would do it again each time where PYTHONDONTWRITEBYTECODE is set (0.3 s of processor).
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile "${@/#/-rrequirements/}"
  "$venv/bin/python" -m compileall -q -j 0 -x '/ansible_collections/' "$venv/lib" >/dev/null || true  # some packages carry templates that are no Python
  mkdir -p "$(dirname "$stamp")"
  touch "$stamp"
}

case "${1:-}" in
  demo)
    make_floor_venv
    install .venv .venv/stamps/demo demo.txt
    ;;
  test)
    install .venv .venv/stamps/test test.txt lint.txt
    ;;
  importer)
    .venv/bin/python -m venv --clear build/venvs/importer
    install build/venvs/importer build/venvs/importer/stamp importer.txt
    ;;
  newest)
    if python=$(find_python '(3, 12) <= v <= (3, 14) and __import__("ensurepip")' python3.14 python3.13 python3.12 python3); then
      "$python" -m venv --clear build/venvs/newest
      install build/venvs/newest build/venvs/newest/stamp newest.txt
    else
      say "No Python 3.12 or newer here: what runs on the newest ansible-core will be skipped by name."
    fi
    ;;
  *)
    say "usage: tools/setup.sh demo|test|importer|newest"
    exit 2
    ;;
esac
