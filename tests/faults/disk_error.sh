#!/usr/bin/env bash
# disk_error -- a sync of the running pipeline fails, once or from then on: what it should have written
# may never reach the disk. After one the run comes to its end; a disk that stays bad ends it with words.
# Then the power goes off, and what is left starts, and `verify` finds all zero.
#
# FAULTS (default 24) syncs of one run, by chance; SEED repeats them.
set -u
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
export program=${RELEASE_PROGRAM:-build/release/drivethru}
export tools=$PWD/build/debug/tests/faults
faults=${FAULTS:-24}
seed=${SEED:-$RANDOM$RANDOM}
export directory=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)")
export flags="--seed 7 --start 2026-01-31T10:00:00 --history 5m --rate 40 --no-live --threads 2 --until-idle"
trap 'rm -rf "$directory"' EXIT
echo "SEED=$seed FAULTS=$faults"
RANDOM=$seed

run() { # DIRECTORY FAIL
    mkdir -p "$1/data"
    POWER_CUT_DIRECTORY=$1/data POWER_CUT_JOURNAL=$1/journal POWER_CUT_FAIL=$2 \
        LD_PRELOAD=$tools/power-cut-recorder.so \
        timeout 60 "$program" up --data "$1/data" --commit-interval 1 $flags >"$1/out" 2>&1
}

# An error in the first moments or of a disk that stays bad may end it: never silently, never otherwise.
# With all queries at rest there is nobody left to end it: the sink waits for its target, and says so.
ended_well() { # CODE FAIL OUT
    [ "$1" = 0 ] && return 0
    [ "$1" = 124 ] && grep '^orders' "$3" | tail -n 1 | grep -q ' lag 0 .*(waiting: SQLite' && return 0
    [ "$1" = 1 ] || return 1
    tail -n 2 "$3" | grep -qE 'cannot|failed'
}

fault_once() { # NUMBER SEED
    local at=$directory/$2 events code
    run "$at" "$1"
    code=$?
    rm -rf "$at/data"
    events=$("$tools/power-cut-disk" count "$at/journal")
    "$tools/power-cut-disk" build "$at/journal" "$events" "$2" "$at/data" || return 1
    if ended_well $code "$1" "$at/out" &&
        "$program" up --data "$at/data" $flags >"$at/again" 2>&1 &&
        "$program" verify --data "$at/data" --quiet >"$at/verified" 2>&1; then
        rm -rf "$at"
        return 0
    fi
    echo "sync $1 failed, seed $2: exit $code"
    tail -n 8 "$at/out" "$at/again" "$at/verified" 2>/dev/null
    return 1
}
export -f run fault_once ended_well

run "$directory/clean" 0 || { cat "$directory/clean/out"; exit 1; }
syncs=$("$tools/power-cut-disk" syncs "$directory/clean/journal")
rm -rf "$directory/clean"
for i in $(seq "$faults"); do
    # Some of the first ones, which make the files.
    number=$((i % 4 ? RANDOM % syncs + 1 : RANDOM % 12 + 1))
    echo "$number$([ $((i % 2)) = 0 ] && echo +) $((seed + i))"
done | xargs -P 2 -L 1 bash -c 'fault_once "$@" || exit 255' fault || exit 1
echo "$faults of $syncs syncs"
