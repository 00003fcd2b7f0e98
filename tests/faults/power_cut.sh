#!/usr/bin/env bash
# power_cut -- the power goes off while the log commits: what was reported is there, the store opens.
#
# CUTS (default 200) points of one run, by chance; SEED repeats them. A run that does not sync must be
# found out.
set -u
cd "$(dirname "$0")/../.."
tools=$PWD/build/debug/tests/faults
cuts=${CUTS:-200}
seed=${SEED:-$RANDOM$RANDOM}
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
echo "SEED=$seed CUTS=$cuts"
RANDOM=$seed

record() { # write|write-unsynced COMMITS
    rm -rf "$directory/data"
    mkdir "$directory/data"
    POWER_CUT_DIRECTORY=$directory/data POWER_CUT_JOURNAL=$directory/journal \
        LD_PRELOAD=$tools/power-cut-recorder.so ASAN_OPTIONS=verify_asan_link_order=0 \
        "$tools/power-cut-writer" "$1" "$directory/data" "$directory/reported" "$2" || exit 1
    events=$("$tools/power-cut-disk" count "$directory/journal")
    echo "$1: $events events, $(wc -l <"$directory/reported") reports"
}

cut() { # EVENT SEED
    rm -rf "$directory/cut"
    "$tools/power-cut-disk" build "$directory/journal" "$1" "$2" "$directory/cut" || exit 1
    reported=$("$tools/power-cut-disk" reported "$directory/journal" "$1")
    "$tools/power-cut-writer" check "$directory/cut" "$reported" >"$directory/out" 2>&1
}

record write 1500
for i in $(seq "$cuts"); do
    # Some in the first moments of the store, the others anywhere.
    at=$((i % 8 ? (RANDOM * 32768 + RANDOM) % (events + 1) : RANDOM % 60))
    if ! cut "$at" $((seed + i)); then
        echo "cut after event $at, seed $((seed + i)), $reported reported:"
        cat "$directory/out"
        exit 1
    fi
done
record write-unsynced 300
for i in $(seq 20); do
    cut $((events / 2)) $((seed + i)) || { echo "unsynced: found out"; exit 0; }
done
echo "a run without syncs looks as good as one with them"
exit 1
