#!/usr/bin/env bash
# power_cut_up -- the power goes off under the whole pipeline: generator, queries, sink.
#
# Two runs of `drivethru up` are recorded, each cut at half of CUTS (default 200) points by chance; SEED
# repeats the chances. What is left of the files must hold what the status lines said before the cut, the
# sink's position must not be ahead of the log, and after a start that comes to rest `verify` finds
# nothing lost, nothing twice, nothing wrong.
set -u
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
export program=${RELEASE_PROGRAM:-build/release/drivethru}
export tools=$PWD/build/debug/tests/faults
cuts=${CUTS:-200}
export seed=${SEED:-$RANDOM$RANDOM}
# Syncs cost nothing in memory, and mean nothing to what is recorded.
export directory=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)")
trap 'rm -rf "$directory"' EXIT
echo "SEED=$seed CUTS=$cuts"
RANDOM=$seed

# Each status line with the journal's size when it came: what it says was durable by then.
stamp() { while read -r line; do echo "$(stat -c %s "$1") $line"; done; }

record() { # RUN SECONDS FLAGS...
    local run=$1 seconds=$2
    shift 2
    mkdir -p "$directory/$run/data"
    POWER_CUT_DIRECTORY=$directory/$run/data POWER_CUT_JOURNAL=$directory/$run/journal \
        LD_PRELOAD=$tools/power-cut-recorder.so timeout --foreground --preserve-status -s INT "$seconds" \
        "$program" up --data "$directory/$run/data" --threads 2 --commit-interval 1 "$@" \
        2>"$directory/$run/err" | stamp "$directory/$run/journal" >"$directory/$run/said"
    local code=${PIPESTATUS[0]}
    [ "$code" = 0 ] || { echo "exit $code"; cat "$directory/$run/err"; exit 1; }
    rm -rf "$directory/$run/data"
    events=$("$tools/power-cut-disk" count "$directory/$run/journal")
    echo "$run: $events events, $(wc -l <"$directory/$run/said") status lines"
    [ "$events" -gt 1000 ] && [ -s "$directory/$run/said" ] || { echo "too little happened"; exit 1; }
}

# The number behind a word of the last status line before the cut; 0: none.
said() { # RUN PLACE WORD
    awk -v place="$2" -v word="$3" '$1 <= place { for (i = 2; i < NF; i++) if ($i == word) n = $(i + 1) }
        END { print n + 0 }' "$directory/$1/said"
}

at_least() { # WHAT FOUND SAID
    [ "$2" -ge "$3" ] || { echo "$1: $2 there, $3 reported"; return 1; }
}

# Before anything is started: only what the disk kept.
check_kept() { # DATA RUN PLACE
    local data=$1 orders documents
    if [ ! -e "$data/log.mdb" ]; then
        at_least "orders, without a log" 0 "$(said "$2" "$3" orders)" || return 1
        [ ! -e "$data/documents.sqlite" ] && return 0
        echo "documents without a log"
        return 1
    fi
    orders=$("$program" topic read ORDERS_PLACED --data "$data" 2>/dev/null | tail -n 1 |
        sed -n 's/.*"ORDERS":\([0-9]*\).*/\1/p')
    at_least orders "${orders:-0}" "$(said "$2" "$3" orders)" || return 1
    # A copy: opening it makes it whole again.
    mkdir "$data/copy"
    cp "$data"/documents.sqlite* "$data/copy" 2>/dev/null
    documents=$(sqlite3 "$data/copy/documents.sqlite" \
        'SELECT count(*) FROM orders_payments' 2>/dev/null)
    at_least documents "${documents:-0}" "$(said "$2" "$3" documents)" || return 1
    sqlite3 -separator ' ' "$data/copy/documents.sqlite" \
        'SELECT topic, partition, next_offset FROM drivethru_positions' 2>/dev/null >"$data/positions"
    while read -r topic partition offset; do
        "$program" topic describe "$topic" --data "$data" |
            awk -v partition="$partition" -v offset="$offset" \
                'NR > 2 && $1 == partition { found = 1; if ($3 < offset) exit 1 }
                END { if (!found) exit 1 }' ||
            { echo "the sink is at $topic/$partition/$offset, ahead of the log"; return 1; }
    done <"$data/positions"
}

cut_once() { # RUN EVENT SEED FLAGS...
    local run=$1 at=$2 seed=$3 data=$directory/cut-$3 place
    shift 3
    "$tools/power-cut-disk" build "$directory/$run/journal" "$at" "$seed" "$data" || return 1
    place=$("$tools/power-cut-disk" place "$directory/$run/journal" "$at")
    if check_kept "$data" "$run" "$place" >"$data.out" 2>&1 &&
        "$program" up --data "$data" --threads 2 --until-idle "$@" >"$data.out" 2>&1 &&
        "$program" verify --data "$data" --quiet >"$data.out" 2>&1; then
        rm -rf "$data" "$data.out"
        return 0
    fi
    echo "$run: cut after event $at, seed $seed:"
    tail -n 30 "$data.out"
    return 1
}
export -f cut_once check_kept said at_least

cut() { # RUN FLAGS...
    local run=$1
    shift
    for i in $(seq $((cuts / 2))); do
        # Some in the first moments of the store, the others anywhere.
        at=$((i % 8 ? (RANDOM * 32768 + RANDOM) % (events + 1) : RANDOM % 200))
        echo "$run $at $((seed + i)) $*"
    done | xargs -P 2 -L 1 bash -c 'cut_once "$@" || exit 255' cut
}

# As fast as it goes: a start makes again what the power took.
history="--seed 7 --start 2026-01-31T10:00:00 --history 5m --rate 40 --no-live"
record history 60 $history --until-idle
cut history $history || exit 1
# With the clock: a start finds what was made.
record live 8 --history 30s --rate 100
cut live --history 30s --rate 100 --no-live || exit 1
echo "$cuts cuts"

# A run that does not sync breaks its word: it must be found out.
record unsynced 4 --history 30s --rate 100 --unsynced
for i in $(seq 10); do
    cut_once unsynced $((events * 3 / 4)) $((seed + i)) --history 30s --no-live >/dev/null ||
        { echo "unsynced: found out"; exit 0; }
done
echo "a run without syncs looks as good as one with them"
exit 1
