#!/usr/bin/env bash
# sql -- the SQL shell in scripts: pipes, -e, -f, exit codes, hostile servers.
set -eu
cd "$(dirname "$0")/../.."
here=$(mktemp -d)
stub=
up=
trap 'exec 3>&-; [ -z "$up" ] || kill "$up" 2>/dev/null; wait; rm -rf "$here"' EXIT

fail() { echo "$*"; head -30 "$here/out" "$here/err"; exit 1; }

# The stub ends when this script does: it reads from descriptor 3.
mkfifo "$here/life"
python3 tests/scripts/sql_stub.py "$here/port" "$here/log" <"$here/life" &
exec 3>"$here/life"
for _ in $(seq 600); do [ ! -s "$here/port" ] || break; sleep 0.1; done
server=http://127.0.0.1:$(cat "$here/port")
export DRIVETHRU_SERVER=$server

# sql EXIT ARGUMENTS...: runs the shell with standard input, expects the exit code.
sql() {
    local expected=$1 code=0
    shift
    timeout 60 "$PROGRAM" sql "$@" >"$here/out" 2>"$here/err" || code=$?
    [ "$code" = "$expected" ] || fail "sql $*: exit $code, not $expected"
}
out() { grep -qxF -- "$1" "$here/out" || fail "not in the output: $1"; }
err() { grep -qxF -- "$1" "$here/err" || fail "not in the errors: $1"; }

# Statements, tables, JSON.
sql 0 -e 'SHOW TABLES; DESCRIBE ORDERS;' </dev/null
out 'Table Name | Kafka Topic | Key Format | Value Format | Windowed'
out 'BY_METHOD  | BY_METHOD   | KAFKA      | AVRO         | false'
out 'ITEMS        | ARRAY<STRUCT<NAME VARCHAR>>'
sql 0 -e 'CREATE STREAM BIG AS SELECT * FROM ORDERS' </dev/null
out 'Stream BIG created' # the stub says QUEUED first
sql 0 --output JSON -e 'SELECT * FROM ORDERS EMIT CHANGES LIMIT 2; SHOW TABLES;' </dev/null
out '{"ID":2,"METHOD":"CASH","TOTAL_AMOUNT":5.0}'
python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <"$here/out"
sql 0 -e "PRINT 'mcd_orders' LIMIT 2;" </dev/null
out 'rowtime: 2026/01/31 10:00:00.000 Z, key: 2, value: a\x1b[2Jb'

# A pipe: comments, many lines, the shell's own words, each statement when it is whole.
printf -- "-- one; two\nshow\n tables /* ; */ ;\nhelp keys\noutput JSON\nSHOW TABLES; exit\nBAD;\n" |
    sql 0
out 'BY_METHOD  | BY_METHOD   | KAFKA      | AVRO         | false'
grep -q '^{"@type": "tables"' "$here/out" || fail "no JSON after 'output JSON'"
{
    echo 'SHOW TABLES;'
    for _ in $(seq 600); do ! grep -q BY_METHOD "$here/early" || break; sleep 0.1; done
    grep -c BY_METHOD "$here/early" >"$here/seen" || true
} | timeout 120 "$PROGRAM" sql >"$here/early"
[ "$(cat "$here/seen")" = 1 ] || fail "a statement waited for the end of the pipe"

# Settings and variables go with every request; files run files.
echo "SHOW VARIABLES; SHOW PROPERTIES;" >"$here/inner.sql"
printf "SET 'auto.offset.reset'='earliest'; DEFINE b = 'two';\nrun script '%s';\n" "$here/inner.sql" >"$here/outer.sql"
sql 0 -d a=one -f "$here/outer.sql" -e "UNSET 'auto.offset.reset'; UNDEFINE a; SHOW PROPERTIES;" </dev/null
out 'a             | one'
out 'b             | two'
out 'auto.offset.reset | KSQL  | earliest'
out 'no properties'
sql 1 -e "SET 'no.such.thing' = 'x';" </dev/null
err 'error: Not recognizable as ksql, streams property: no.such.thing'
printf "run script '%s';" "$here/loop.sql" >"$here/loop.sql"
sql 1 -f "$here/loop.sql" </dev/null
sql 1 -f "$here/none.sql" </dev/null

# Errors: the first one ends a script; place, line and caret.
printf "SHOW TABLES;\n\n  SELECT 1,\n    2 FROM NOWHERE;\nSHOW STREAMS;" >"$here/wrong.sql"
sql 1 -f "$here/wrong.sql" </dev/null
err "error: $here/wrong.sql:4:12: no stream or table 'NOWHERE', did you mean 'ORDERS'?"
err '        2 FROM NOWHERE;'
err '               ^'
grep -q 'mcd_orders' "$here/out" && fail "the script went on"
sql 1 -e 'EVIL ERROR;' </dev/null
err '\x1b[2Jdrivethru: all is well'

# Limits of queries that would go on for ever.
sql 0 --query-row-limit 3 -e 'SELECT * FROM ORDERS EMIT CHANGES;' </dev/null
[ "$(wc -l <"$here/out")" = 5 ] || fail "not 3 rows"
sql 0 --query-timeout 200 -e 'SELECT * FROM ORDERS EMIT CHANGES;' </dev/null
timeout 30 "$PROGRAM" sql -e 'SELECT * FROM ORDERS EMIT CHANGES;' 2>/dev/null | head -n 4 >"$here/out"
code=0
timeout --preserve-status -s INT 2 "$PROGRAM" sql -e 'SELECT * FROM ORDERS EMIT CHANGES;' >"$here/out" 2>"$here/err" ||
    code=$?
[ "$code" = 130 ] || fail "Ctrl-C in a script: exit $code"

# The command line.
sql 2 --no-such-flag </dev/null
sql 2 SELECT </dev/null
sql 2 --output xml -e 'x' </dev/null
sql 2 --query-timeout soon -e 'x' </dev/null
sql 2 --server nowhere -e 'x' </dev/null
sql 2 -d nothing -e 'x' </dev/null
sql 0 --help </dev/null

# No server: says what to do.
sql 4 --server http://127.0.0.1:1 -e 'SHOW TABLES;' </dev/null
grep -q "'drivethru up' in another terminal starts a server" "$here/err" || fail "no advice"

# A server that answers wrong: each has an end, an error, and nothing that acts on a terminal.
for what in HUGE BAD_JSON SHORT_ROW DEEP ERROR_LATE NO_HEADER; do
    sql 1 -e "SELECT $what FROM ORDERS EMIT CHANGES;" </dev/null
    grep -q '^error: ' "$here/err" || fail "$what: no error"
done
sql 4 -e "SELECT BREAKS FROM ORDERS EMIT CHANGES;" </dev/null
for what in 'NOT JSON' 'NO LIST' 'PLAIN ERROR' ENDLESS; do
    sql 1 -e "$what;" </dev/null
    grep -q '^error: ' "$here/err" || fail "$what: no error"
done
controls=$'[\x01-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]'
for output in TABULAR JSON; do
    sql 0 --output $output -e 'SELECT * FROM EVIL; SHOW STREAMS;' </dev/null
    if LC_ALL=C grep -qP "$controls" "$here/out" "$here/err"; then fail "$output: control characters"; fi
done

# Spool: a copy of all that is shown, for its owner only.
printf "spool '%s'\nSHOW TABLES;\nspool off\nSHOW STREAMS;\n" "$here/spool" | sql 0
grep -q '^BY_METHOD' "$here/spool" || fail "the spool has no rows"
grep -q 'mcd_orders' "$here/spool" && fail "the spool goes on"
[ "$(stat -c %a "$here/spool")" = 600 ] || fail "anybody can read the spool"

# The real server: what it is asked, what it answers, where it finds what is wrong.
"$PROGRAM" up --data "$here/data" --listen 127.0.0.1:0 --seed 3 --history 10m --rate 5 --quiet \
    >"$here/up.out" 2>"$here/up.err" &
up=$!
for _ in $(seq 600); do ! grep -q '^http://' "$here/up.out" "$here/up.err" || break; sleep 0.1; done
DRIVETHRU_SERVER=$(grep -ho '^http://[^ ]*' "$here/up.out" "$here/up.err" | head -n 1)
[ -n "$DRIVETHRU_SERVER" ] || fail "drivethru up says no address: $(cat "$here/up.err")"
sql 0 -e 'SHOW STREAMS; SHOW TABLES; SHOW TOPICS; SHOW QUERIES; SHOW PROPERTIES;' </dev/null
grep -q '^MCD_ORDERS_PAYMENTS_JOINED | MCD_ORDERS_PAYMENTS_JOINED | KAFKA' "$here/out" || fail "no stream"
sql 0 -e 'DESCRIBE MCD_ORDERS_STREAM EXTENDED; DESCRIBE FUNCTION SUBSTRING;' </dev/null
out 'ORDER_ITEMS | ARRAY<STRUCT<ITEM_NAME VARCHAR, QUANTITY INTEGER, PRICE DOUBLE>>'
sql 0 --output JSON -e "SET 'auto.offset.reset'='earliest';
    SELECT ORDER_ID, PAYMENT_METHOD FROM MCD_ORDERS_PAYMENTS_JOINED EMIT CHANGES LIMIT 20;" </dev/null
[ "$(wc -l <"$here/out")" = 20 ] || fail "not 20 rows"
python3 -c 'import json, sys; [json.loads(line)["ORDER_ID"] for line in sys.stdin]' <"$here/out"
sql 0 -e 'CREATE STREAM BIG AS SELECT * FROM MCD_ORDERS_STREAM WHERE ORDER_TOTAL > 50 EMIT CHANGES;' </dev/null
sql 0 -e 'DROP STREAM BIG DELETE TOPIC;' </dev/null
sql 0 -d what=ORDERS -e 'SELECT ${what} FROM ORDERS_PLACED;' </dev/null
grep -qx 'ORDERS' "$here/out" || fail "no header"
sql 0 -e "PRINT 'mcd_orders' FROM BEGINNING LIMIT 1;" </dev/null
grep -q 'order_id' "$here/out" || fail "PRINT shows no record"
sql 1 -e $'SELECT scope,\n  ordres FROM ORDERS_PLACED;' </dev/null
err "error: unknown column 'ordres', did you mean 'ORDERS'?"
err '      ^'
sql 1 -e "SET 'auto.ofset.reset'='earliest';" </dev/null
# Control characters that came in by SQL come out as text, here and where topics are read.
sql 0 -e $'CREATE STREAM EVIL (A STRING) WITH (KAFKA_TOPIC=\'evil\', PARTITIONS=1, VALUE_FORMAT=\'JSON\');
    INSERT INTO EVIL (A) VALUES (\'a\x1b[2J\xc2\x9b1m\xe2\x80\xae\x7f\');' </dev/null
sql 0 -e "SET 'auto.offset.reset'='earliest'; SELECT * FROM EVIL EMIT CHANGES LIMIT 1;" </dev/null
out 'a\x1b[2J\u009b1m\u202e\x7f'
"$PROGRAM" topic read evil --data "$here/data" >"$here/out" 2>"$here/err"
grep -qF 'a\u001b[2J\u009b1m\u202e\u007f' "$here/out" || fail "topic read shows another value"
if LC_ALL=C grep -qP "$controls" "$here/out"; then fail "topic read: control characters"; fi
kill -INT "$up"
wait "$up" || true
up=
sql 4 -e 'SHOW STREAMS;' </dev/null

# What command-line shells complete comes from the tables of commands and flags.
"$PROGRAM" completion bash >"$here/completion.bash"
bash -n "$here/completion.bash"
complete_words() {
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _drivethru; echo "${COMPREPLY[*]}"' \
        bash "$here/completion.bash" "$@"
}
[ "$(complete_words drivethru ver)" = "verify version" ] || fail "commands: $(complete_words drivethru ver)"
[ "$(complete_words drivethru topic de)" = describe ] || fail "verbs: $(complete_words drivethru topic de)"
[ "$(complete_words drivethru sql --query-r)" = --query-row-limit ] || fail "flags"
[ "$(complete_words drivethru sql --output j)" = json ] || fail "words of a flag"
for shell in zsh fish; do
    "$PROGRAM" completion $shell >"$here/completion.$shell"
    ! command -v $shell >/dev/null || $shell -n "$here/completion.$shell"
done
sql_exit=0
"$PROGRAM" completion tcsh >/dev/null 2>&1 || sql_exit=$?
[ "$sql_exit" = 2 ] || fail "completion for an unknown shell"
