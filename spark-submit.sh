#!/usr/bin/env bash
# Starts every job: ./spark-submit.sh JOB [options]. Without a job it lists them and the exit codes.
# The first start makes the environment in .venv (Python packages from uv.lock, jars from conf/jars.xml); a stamp
# with the hash of both lets later starts skip that. Then jobs/__main__.py starts the job.
set -euo pipefail

readonly UV_VERSION=0.13.9
readonly NEEDED_MB=4000 # the environment takes 1.6 GB, its download cache and a first run the rest

home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv=$home/.venv
stamp=$venv/stamp
setup_log=$venv/setup.log

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

fingerprint() { # of all that decides what .venv holds, and of the Java that was checked
  printf '%s %s %s ' "$home" "$UV_VERSION" "$(find_java)"
  cat "$home/uv.lock" "$home/conf/jars.xml" | sha256sum
}

is_ready() {
  [[ -f $stamp && -x $venv/bin/python && "$(<"$stamp")" == "$(fingerprint)" ]]
}

find_java() {
  if [[ -n ${JAVA_HOME:-} ]]; then
    printf '%s' "$JAVA_HOME/bin/java"
  else
    command -v java || true
  fi
}

check_java() {
  local java version
  java=$(find_java)
  [[ -n $java && -x $java ]] || fail "Java was not found: install Java 17 (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME."
  version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [[ $version == 17 || $version == 21 ]] ||
    fail "Java 17 or 21 is needed, but $java is version ${version:-unknown}: install Java 17 and point JAVA_HOME to it."
}

find_python() {
  local candidate
  for candidate in python3 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "Python 3.11 or 3.12 was not found: install one of them (Debian: apt-get install python3 python3-venv)."
}

check_folder() {
  mkdir -p "$venv" 2>/dev/null && touch "$venv/.probe" 2>/dev/null && rm -f "$venv/.probe" ||
    fail "$home cannot be written: run this as its owner, or copy the project to a folder of yours."
  [[ -x $venv/bin/python ]] && return
  local free_mb
  free_mb=$(df -Pm "$venv" | awk 'NR == 2 {print $4}')
  ((free_mb >= NEEDED_MB)) || fail "Only $free_mb MB are free below $home, $NEEDED_MB are needed: make room and start again."
}

step() { # step TEXT HINT COMMAND...: runs the command with its output in the setup log; shows the seconds so far
  local text=$1 hint=$2 began=$SECONDS pid
  shift 2
  printf '%s ' "$text" >&2
  "$@" >>"$setup_log" 2>&1 9<&- &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT
  trap 'kill "$pid" 2>/dev/null; exit 143' TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if [[ -t 2 ]]; then printf '\r%s %s s ' "$text" $((SECONDS - began)) >&2; fi
  done
  trap - INT TERM
  if wait "$pid"; then
    printf 'done in %s s\n' $((SECONDS - began)) >&2
  else
    printf 'failed\n' >&2
    fail "$hint (the end of $setup_log says: $(tail -n 1 "$setup_log" | cut -c 1-200))."
  fi
}

fetch_jars() {
  local ivy
  ivy=$(echo "$venv"/lib/python3*/site-packages/pyspark/jars/ivy-*.jar)
  rm -rf "$venv/jars.new"
  "$(find_java)" -jar "$ivy" -ivy "$home/conf/jars.xml" -cache "$venv/ivy" -confs spark -types jar \
    -retrieve "$venv/jars.new/spark/[artifact]-[revision].[ext]"
  "$(find_java)" -jar "$ivy" -ivy "$home/conf/jars.xml" -cache "$venv/ivy" -confs broker -types jar bundle \
    -retrieve "$venv/jars.new/broker/[artifact]-[revision].[ext]"
  rm -rf "$venv/jars"
  mv "$venv/jars.new" "$venv/jars"
}

set_up() {
  local python registry="is the package registry reachable?"
  check_java
  python=$(find_python)
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no venv module: install it (Debian: apt-get install python3-venv) and start again."
  check_folder
  : >"$setup_log"
  printf 'Setting up %s (once).\n' "$venv" >&2
  "$venv/bin/python" -c 'import pip' 2>/dev/null ||
    step "[1/4] Python environment" "The Python environment could not be made" "$python" -m venv "$venv"
  step "[2/4] uv $UV_VERSION" "uv could not be installed: $registry" \
    "$venv/bin/python" -m pip install --disable-pip-version-check "uv==$UV_VERSION"
  step "[3/4] Python packages" "The Python packages could not be installed: $registry" \
    env -u VIRTUAL_ENV UV_PROJECT_ENVIRONMENT="$venv" UV_PYTHON_DOWNLOADS=never \
    "$venv/bin/uv" sync --project "$home" --frozen --inexact --python "$venv/bin/python"
  step "[4/4] jars" "The jars could not be fetched: is Maven Central reachable?" fetch_jars
  fingerprint >"$stamp"
}

if ! is_ready; then
  exec 9<"$home" # of two first starts at once the second waits here, and then finds the environment made
  flock -n 9 || { printf 'Another start is setting up, waiting for it.\n' >&2; flock 9; }
  is_ready || set_up
  exec 9<&-
fi

export AFLUENTE_HOME=$home PYTHONPATH=$home
exec "$venv/bin/python" -P -m jobs "$@"
