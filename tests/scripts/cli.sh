#!/usr/bin/env bash
# cli -- commands on a small log: what they print, what they refuse, and how they end.
set -eu
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
unset DRIVETHRU_RATE DRIVETHRU_SEED
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
data=$home/data

# expect CODE PATTERN ARGUMENTS...: the exit code, and a line of output or error that matches.
expect() {
    local code=$1 pattern=$2 got=0
    shift 2
    "$PROGRAM" "$@" >"$home/out" 2>&1 </dev/null || got=$?
    [ "$got" = "$code" ] || { echo "drivethru $*: exit $got, not $code"; cat "$home/out"; exit 1; }
    grep -qE -- "$pattern" "$home/out" || { echo "drivethru $*: no '$pattern' in"; cat "$home/out"; exit 1; }
}

# Help everywhere, with examples.
expect 0 '^usage: drivethru COMMAND' --help
expect 2 '^usage: drivethru COMMAND'
for command in $("$PROGRAM" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    expect 0 '^usage: drivethru' "$command" --help
    grep -q '^  drivethru' <(sed -n '/^examples:/,$p' "$home/out") || { echo "$command --help: no example"; exit 1; }
done
expect 0 '^drivethru [0-9]' version
expect 0 '^drivethru [0-9]' --version

# Mistakes: exit 2, and the nearest word.
expect 2 "did you mean 'up'" upp
expect 2 "did you mean '--data'" up --dtaa x
expect 2 "'--rate' is a number" up --rate fast
expect 2 "'--history' is a duration" up --history 5x
expect 2 "'--start' is a time" up --start yesterday
expect 2 'needs a value' up --data
expect 2 'takes no value' up --quiet=1
expect 2 "'--unpaid-share' is a share from 0 to 1, not '7'" generate --unpaid-share 7 --orders 1 --no-live --data "$home/other"
expect 2 "'--late-share' is a share from 0 to 1, not '1.5'" up --late-share 1.5 --data "$home/other"
expect 2 "'--seed' is a number that is not negative, not '-1'" up --seed -1 --data "$home/other"
expect 2 'the rate is above 0' generate --rate 0 --orders 1 --no-live --data "$home/other"

expect 2 'say --insecure' up --listen 0.0.0.0:8088 --data "$home/other" --pipeline "$home/none"
expect 2 'takes HOST:PORT' up --listen 8088 --data "$home/other" --pipeline "$home/none"
expect 2 'say --insecure' up --registry-listen 0.0.0.0:0 --data "$home/other" --pipeline "$home/none"
# Settings of others that nobody can obey.
settings() { # LINES...: in a file, with a directory that is there
    printf '%s\n' "$@" "data=$home/other" >"$home/others"
    echo "$home/others"
}
kafka=bootstrap.servers=127.0.0.1:1
expect 2 'Java trust store' topic list --config "$(settings $kafka ssl.truststore.location=/x.jks)"
expect 2 'Java key store' topic list --config "$(settings $kafka ssl.keystore.location=/x.jks)"
expect 2 "'acks' is not for you" run "$home/none.sql" --config "$(settings $kafka acks=0)"
expect 2 'is a Java key store' registry list \
    --config "$(settings schema.registry.url=http://127.0.0.1:1 schema.registry.ssl.truststore.location=/x.jks)"
expect 2 "'ftp://x' is no URL" registry list --config "$(settings schema.registry.url=ftp://x)"
expect 2 "'nonsense' is no URL" sink list --server nonsense

# Not there: exit 3.
expect 3 "'drivethru up' makes one" verify --data "$data"
expect 3 'No such file' run "$home/none.sql" --data "$home/other"

# Precedence: flag, environment, file, default; passwords are hidden.
printf 'rate=5\nseed=6\nhistory=7m\nserver.password=geheim\n' >"$home/settings"
DRIVETHRU_RATE=50 DRIVETHRU_SEED=60 "$PROGRAM" config show --origin --config "$home/settings" >"$home/out"
grep -qE '^rate +50 +DRIVETHRU_RATE' "$home/out" || { cat "$home/out"; exit 1; }
grep -qE "^history +7m +$home/settings:3" "$home/out" || { cat "$home/out"; exit 1; }
grep -qE '^threads +0 +default' "$home/out" || { cat "$home/out"; exit 1; }
! grep -q geheim "$home/out" || { echo "a password is shown"; exit 1; }
# Values that stand elsewhere, in a file, the environment and a flag; what came from there is not shown.
printf 'p=geheim\n' >"$home/secrets"
printf 'rate=${env:ORDERS}\nserver.password=${file:%s:p}\nserver=http://u:geheim@h\n' "$home/secrets" \
    >"$home/settings"
ORDERS=5 expect 0 '^rate +\[hidden\] +.*settings:1' config show --origin --config "$home/settings"
! grep -q geheim "$home/out" || { echo "a password is shown"; exit 1; }
grep -q 'http://\[hidden\]@h' "$home/out" || { cat "$home/out"; exit 1; }
expect 2 "settings:1: 'rate': the environment has no 'ORDERS'" config show --config "$home/settings"
ORDERS=many expect 2 "'--rate' is a number that is not negative, not '\[hidden\]'" generate --config "$home/settings" \
    --data "$home/other"
DRIVETHRU_THREADS='${directory:/nowhere:threads}' expect 2 "DRIVETHRU_THREADS: 'threads': .*nowhere" config show
# Names with ksqlDB's prefixes, and those of what is talked to.
printf 'ksql.schema.registry.url=http://a:1\nksql.streams.commit.interval.ms=77\nbasic.auth.user.info=k:geheim\n' \
    >"$home/settings"
expect 0 '^schema.registry.url +http://a:1' config show --config "$home/settings"
grep -qE '^commit.interval.ms +77' "$home/out" || { cat "$home/out"; exit 1; }
grep -qE '^basic.auth.user.info +\[hidden\]' "$home/out" || { cat "$home/out"; exit 1; }
expect 2 "'basic.auth.user.inf'" config show --config <(echo basic.auth.user.inf=x)
echo 'sede=1' >"$home/settings"
expect 2 "settings:1: unknown setting 'sede', did you mean 'seed'" config show --config "$home/settings"


DRIVETHRU_SEED=60 expect 0 ' events$' generate --data "$data" --seed 8 --start 2026-01-31T10:00:00 --orders 300 --no-live
expect 2 'made with seed 8, not 9' generate --data "$data" --seed 9 --orders 300 --no-live
"$PROGRAM" up --data "$data" --pipeline pipeline --seed 8 --orders 300 --no-live --until-idle --quiet >"$home/out" 2>&1 ||
    { cat "$home/out"; exit 1; }

cp -r "$data" "$home/seeded"
expect 2 'made with seed 8, not 9' up --data "$home/seeded" --pipeline pipeline --seed 9 --quiet
expect 0 '"key":"position","value":\{"start":"2026-01-31T10:00:00.000","seed":8,"next_order":[0-9]+,"orders":300,' \
    topic read mcd_truth --data "$data"
grep -q '"key":"sent","value":{"first":{"order_id":"O-' "$home/out" || { head "$home/out"; exit 1; }

# Topics, decoded: keys by the catalog, windows beside them.
expect 0 '^mcd_orders +4 ' topic list --data "$data"
expect 0 '"topic":"mcd_orders"' topic list --output json --data "$data"
expect 0 'CTAS_ORDER_STORY_[0-9]+/0/0 +0 +[0-9]+ +0$' topic describe ORDER_EVENTS --data "$data"
expect 3 "no topic 'mcd_order', did you mean 'mcd_orders'" topic describe mcd_order --data "$data"
expect 3 "did you mean 'mcd_orders'" topic read mcd_order --data "$data"
expect 0 '"key":"O-[0-9]{10}","value":\{"order_id":"O-' topic read mcd_orders --limit 2 --data "$data"
[ "$(wc -l <"$home/out")" = 2 ] || { echo "--limit 2:"; cat "$home/out"; exit 1; }
expect 0 '"key":[0-9]+,"value":\{"ORDERS":' topic read PAYMENT_DELAY_HISTOGRAM --data "$data"
expect 0 '"key":\{"SCOPE":"all","WINDOWSTART":"2026-01-31T1[0-9:]+.000","WINDOWEND":' \
    topic read ORDERS_PAID_PER_MINUTE --data "$data"
last=$("$PROGRAM" topic describe mcd_orders --data "$data" | awk '$1 == 2 { print $3 - 1; exit }')
expect 0 "\"partition\":2,\"offset\":$last," topic read mcd_orders --partition 2 --from "$last" --data "$data"
[ "$(wc -l <"$home/out")" = 1 ] || { echo "--from $last:"; cat "$home/out"; exit 1; }
"$PROGRAM" topic read mcd_orders --from end --data "$data" >"$home/out"
[ ! -s "$home/out" ] || { echo "--from end:"; cat "$home/out"; exit 1; }
"$PROGRAM" topic read mcd_orders --from 2026-02-01T00:00:00 --data "$data" >"$home/out"
[ ! -s "$home/out" ] || { echo "--from a time after all:"; cat "$home/out"; exit 1; }
expect 0 '"timestamp":"2026-01-31T10' topic read mcd_orders --from 2026-01-31T10:00:10 --limit 1 --data "$data"
expect 2 "beginning, end, an offset" topic read mcd_orders --from soon --data "$data"
expect 2 'table or json' topic list --output xml --data "$data"
expect 2 "'--partition' is at most 3" topic read mcd_orders --partition 4 --data "$data"

# Schemas, both versions of the orders'.
expect 0 '^mcd_orders-value +2 ' registry list --data "$data"
expect 0 '"subject":"mcd_orders-value"' registry list --output json --data "$data"
expect 0 '"channel"' registry show mcd_orders-value --data "$data"
expect 0 '"order_id"' registry show mcd_orders-value 1 --data "$data"
! grep -q channel "$home/out" || { echo "version 1 has a channel"; exit 1; }
expect 3 "no subject 'nope'" registry show nope --data "$data"

# A statement, as a table and as JSON.
echo "CREATE STREAM o (order_id STRING, channel STRING) WITH (KAFKA_TOPIC='mcd_orders', VALUE_FORMAT='AVRO');
    SELECT order_id FROM o EMIT CHANGES LIMIT 1;" >"$home/a.sql"
sed -i "1s/^/SET 'auto.offset.reset'='earliest'; /" "$home/a.sql"
expect 0 '^O-[0-9]{10}$' run "$home/a.sql" --data "$data"
expect 0 '^\{"ORDER_ID":"O-' run "$home/a.sql" --output json --data "$data"
echo 'SELEC 1;' >"$home/b.sql"
expect 1 "b.sql:1:1: .*did you mean 'SELECT'" run "$home/b.sql" --data "$data"

# docs/config.md holds what the program says.
"$PROGRAM" config list >"$home/list"
sed -n '/^<!-- begin: drivethru config list -->$/,/^<!-- end -->$/p' docs/config.md | sed '1d;$d' >"$home/docs"
diff "$home/docs" "$home/list" || { echo "docs/config.md: run tools/config-docs"; exit 1; }
