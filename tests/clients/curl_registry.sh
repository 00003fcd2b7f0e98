#!/usr/bin/env bash
# curl_registry -- Schema Registry's documented curl commands, each row of its API, and its error codes.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${REGISTRY_URL:-}" ] || exec tests/clients/with_server "$0"

# ask METHOD PATH [BODY]: "STATUS BODY"
ask() {
    local method=$1 path=$2
    shift 2
    curl -sS -m 20 -g -X "$method" -w '\n%{http_code}' -H 'Content-Type: application/vnd.schemaregistry.v1+json' \
        ${1+--data "$1"} "$REGISTRY_URL$path" | python3 -c '
import sys
body, status = sys.stdin.read().rsplit("\n", 1)
print(status, body)'
}
# expect 'STATUS PATTERN' METHOD PATH [BODY]
expect() {
    local pattern=$1 answer
    shift
    answer=$(ask "$@")
    grep -qE -- "^$pattern" <<<"$answer" || { echo "$*: expected '$pattern' in: $answer"; exit 1; }
}
text() { python3 -c 'import json, sys; print(json.dumps({"schema": sys.argv[1], **json.loads(sys.argv[2])}))' "$1" "${2:-{\}}"; }

one=$(text '{"type":"record","name":"Tea","fields":[{"name":"size","type":"int"}]}')
two=$(text '{"type":"record","name":"Tea","fields":[{"name":"size","type":"int"},{"name":"lid","type":"string","default":"none"}]}')
bad=$(text '{"type":"record","name":"Tea","fields":[{"name":"size","type":"string"}]}')

# Registering, and asking again in every way.
expect '200 \{\}$' GET /
expect '200 \{\}$' POST / '{}'
expect '200 \["AVRO"\]' GET /schemas/types
expect '200 \{"id":[0-9]+,"version":1,"guid":"[0-9a-f-]{36}",' POST /subjects/tea-value/versions "$one"
id=$(ask GET /subjects/tea-value/versions/1 | sed 's/.*"id":\([0-9]*\).*/\1/')
guid=$(ask GET /schemas/ids/$id | sed 's/.*"guid":"\([^"]*\)".*/\1/')
expect "200 \{\"id\":$id," POST /subjects/tea-value/versions?normalize=True "$one"
expect "200 \{\"subject\":\"tea-value\",\"version\":1,\"id\":$id," POST /subjects/tea-value "$one"
expect '200 \{"guid":"[^"]+","schemaType":"AVRO","schema":"\{\\"type\\":\\"record\\"' GET /schemas/ids/$id
expect '200 \{"maxId":[0-9]+,"guid"' GET "/schemas/ids/$id?fetchMaxId=true"
expect '200 \{"type":"record"' GET /schemas/ids/$id/schema
expect '200 \[\{"subject":"tea-value","version":1\}\]$' GET /schemas/ids/$id/versions
expect '200 \["tea-value"\]$' GET /schemas/ids/$id/subjects
expect "200 \{\"guid\":\"$guid\"" GET /schemas/guids/$guid
expect "200 \[\{\"context\":\".\",\"id\":$id\}\]$" GET /schemas/guids/$guid/ids
expect '200 \{"id":[0-9]+,"version":2,' POST /subjects/tea-value/versions "$two"
expect '200 \[1,2\]$' GET /subjects/tea-value/versions
expect '200 \[2\]$' GET "/subjects/tea-value/versions?offset=1&limit=5"
expect '200 \{"subject":"tea-value","version":2,' GET /subjects/tea-value/versions/latest
expect '200 \{"subject":"tea-value","version":2,' GET /subjects/tea-value/versions/-1
expect '200 \{"type":"record"' GET /subjects/tea-value/versions/1/schema
expect '200 \["tea-value"\]$' GET '/subjects?subjectPrefix=tea'
expect '200 \["tea-value"\]$' GET '/subjects?subjectPrefix=tea&limit=1'
expect '200 \[\{"subject":"tea-value","version":2,.*"ts":[0-9]+\}\]$' GET '/schemas?subjectPrefix=tea&latestOnly=true'
expect '200 \{"subject":"tea-value","version":2,' GET /subjects/:.:tea-value/versions/latest

# Compatibility, and who may become what.
expect '200 \{"is_compatible":true\}$' POST /compatibility/subjects/tea-value/versions/latest "$two"
expect '200 \{"is_compatible":false,"messages":\["[^"]*TYPE_MISMATCH' \
    POST '/compatibility/subjects/tea-value/versions/latest?verbose=True' "$bad"
expect '200 \{"is_compatible":false\}$' POST /compatibility/subjects/tea-value/versions "$bad"
expect '200 \{"is_compatible":true\}$' POST /compatibility/subjects/nobody/versions/latest "$bad"
expect '404 \{"error_code":40402' POST /compatibility/subjects/tea-value/versions/9 "$two"
expect '409 \{"error_code":40901' POST /subjects/tea-value/versions "$bad"
expect '200 \{"compatibilityLevel":"BACKWARD"\}$' GET /config
expect '404 \{"error_code":40408' GET /config/tea-value
expect '200 \{"compatibilityLevel":"BACKWARD"\}$' GET '/config/tea-value?defaultToGlobal=true'
expect '200 \{"compatibility":"NONE"\}$' PUT /config/tea-value '{"compatibility":"none"}'
expect '200 \{"compatibilityLevel":"NONE"\}$' GET /config/tea-value
expect '200 \{"is_compatible":true\}$' POST /compatibility/subjects/tea-value/versions "$bad"
expect '200 \{"compatibilityLevel":"NONE"\}$' DELETE /config/tea-value
expect '404 \{"error_code":40408' DELETE /config/tea-value
expect '422 \{"error_code":42203' PUT /config/tea-value '{"compatibility":"SOMETIMES"}'
expect '422 \{"error_code":42203,"message":".alias. is not kept' PUT /config/tea-value '{"compatibility":"FULL","alias":"x"}'
expect '200 \{"mode":"READWRITE"\}$' GET /mode
expect '404 \{"error_code":40409' GET /mode/tea-value
expect '200 \{"mode":"READWRITE"\}$' GET '/mode/tea-value?defaultToGlobal=true'
expect '200 \{"mode":"READONLY"\}$' PUT /mode/tea-value '{"mode":"READONLY"}'
expect '422 \{"error_code":42205' POST /subjects/tea-value/versions "$(text '"string"')"
expect '422 \{"error_code":42205' DELETE /subjects/tea-value
expect '200 \{"mode":"READONLY"\}$' DELETE /mode/tea-value
expect '422 \{"error_code":42204' PUT /mode/tea-value '{"mode":"MAYBE"}'
expect '422 \{"error_code":42205' PUT /mode/tea-value '{"mode":"IMPORT"}'
expect '422 \{"error_code":42205' POST /subjects/imported/versions "$(text '"long"' '{"id":9000,"version":4}')"
expect '200 \{"mode":"IMPORT"\}$' PUT /mode/imported '{"mode":"IMPORT"}'
expect '200 \{"id":9000,"version":4,' POST /subjects/imported/versions "$(text '"long"' '{"id":9000,"version":4}')"
expect '422 \{"error_code":42207' POST /subjects/imported/versions "$(text '"double"' '{"id":9000}')"

# References, metadata.
refers='{"references":[{"name":"Tea","subject":"tea-value","version":1}]}'
expect '200 \{"id":[0-9]+,"version":1,.*"references":\[\{"name":"Tea","subject":"tea-value","version":1\}\]' \
    POST /subjects/tray-value/versions "$(text '{"type":"array","items":"Tea"}' "$refers")"
tray=$(ask GET /subjects/tray-value/versions/1 | sed 's/.*"id":\([0-9]*\).*/\1/')
expect '200 .*"references":\[' GET /schemas/ids/$tray
expect "200 \\[$tray\\]$" GET /subjects/tea-value/versions/1/referencedby
expect '200 \[\]$' GET /subjects/tea-value/versions/2/referencedby
expect '422 \{"error_code":42201' POST /subjects/tray-value/versions "$(text '{"type":"array","items":"Cup"}')"
expect '422 \{"error_code":42201,"message":"[^"]*version 7' POST /subjects/tray-value/versions \
    "$(text '{"type":"array","items":"Tea"}' "${refers/:1/:7}")"
expect '422 \{"error_code":42206' DELETE /subjects/tea-value/versions/1
tagged='{"metadata":{"properties":{"owner":"kitchen","major":"1"}}}'
expect '200 .*"metadata":\{"properties"' POST /subjects/pot-value/versions "$(text '"bytes"' "$tagged")"
expect '200 \{"subject":"pot-value"' GET '/subjects/pot-value/metadata?key=owner&value=kitchen'
expect '404 \{"error_code":40403' GET '/subjects/pot-value/metadata?key=owner&value=hall'
expect '422 \{"error_code":42210' POST /subjects/pot-value/versions "$(text '"int"' '{"ruleSet":{"domainRules":[{"name":"x"}]}}')"

# Deleting: softly, then for good, and every refusal on the way.
expect '404 \{"error_code":40407' DELETE '/subjects/tea-value/versions/2?permanent=true'
expect '200 2$' DELETE /subjects/tea-value/versions/2
expect '404 \{"error_code":40406' DELETE /subjects/tea-value/versions/2
expect '404 \{"error_code":40402' GET /subjects/tea-value/versions/2
expect '200 \{.*"deleted":true\}$' GET '/subjects/tea-value/versions/2?deleted=true'
expect '200 \[1,2\]$' GET '/subjects/tea-value/versions?deleted=true'
expect '200 \[2\]$' GET '/subjects/tea-value/versions?deletedOnly=true'
expect '404 \{"error_code":40403' POST /subjects/tea-value "$two"
expect '200 \{' POST '/subjects/tea-value?deleted=true' "$two"
expect '200 2$' DELETE '/subjects/tea-value/versions/2?permanent=true'
expect '404 \{"error_code":40402' DELETE /subjects/tea-value/versions/2
expect '200 \[1\]$' DELETE /subjects/tray-value
expect '404 \{"error_code":40405' DELETE '/subjects/tea-value?permanent=true'
expect '200 \[1\]$' DELETE /subjects/tea-value
expect '404 \{"error_code":40404' DELETE /subjects/tea-value
expect '404 \{"error_code":40401' GET /subjects/tea-value/versions
expect '200 \[\]$' GET '/subjects?subjectPrefix=tea'
expect '200 \["tea-value"\]$' GET '/subjects?subjectPrefix=tea&deleted=true'
expect '200 \{' GET /schemas/ids/$id
expect '200 \[1\]$' DELETE '/subjects/tea-value?permanent=true'
expect '404 \{"error_code":40401' DELETE /subjects/tea-value
expect '404 \{"error_code":40403' GET /schemas/ids/$id

# What is not there, and what is wrong.
big=$(mktemp)
trap 'rm -f "$big"' EXIT
head -c 1200000 /dev/zero | tr '\0' x >"$big"
expect '404 \{"error_code":40401' GET /subjects/nobody/versions
expect '404 \{"error_code":40401' POST /subjects/nobody "$one"
expect '404 \{"error_code":40403' GET /schemas/ids/99999
expect '404 \{"error_code":40403' GET /schemas/guids/00000000-0000-0000-0000-000000000000
expect '422 \{"error_code":42202' GET /subjects/pot-value/versions/0
expect '422 \{"error_code":42202' GET /subjects/pot-value/versions/newest
expect '422 \{"error_code":42201' POST /subjects/pot-value/versions '{"schema":"{"}'
expect '422 \{"error_code":42201' POST /subjects/pot-value/versions '{"schema":"syntax = \"proto3\";","schemaType":"PROTOBUF"}'
expect '400 \{"error_code":400' POST /subjects/pot-value/versions 'schema'
expect '422 \{"error_code":42208' POST "/subjects/$(printf 'x%.0s' $(seq 500))/versions" "$one"
expect '413 \{"error_code":413' POST /subjects/pot-value/versions "@$big"
expect '404 \{"error_code":404,' GET /associations/resources/-/topic?resourceType=topic
expect '405 \{"error_code":405,' PUT /subjects '{}'

# Contexts are prefixes.
expect '200 \["\."\]$' GET /contexts
expect '200 \{"id":' POST /subjects/:.shop:tea-value/versions "$one"
expect '200 \["\.","\.shop"\]$' GET /contexts
expect '200 \[":\.shop:tea-value"\]$' GET '/subjects?subjectPrefix=:.shop:'
expect '200 .*":\.shop:tea-value"' GET '/subjects?subjectPrefix=:*:'
expect '200 \{"id":"","scope":\{' GET /v1/metadata/id
expect '200 \{"version":' GET /v1/metadata/version
type=$(curl -sS -m 20 -o /dev/null -w '%{content_type}' "$REGISTRY_URL/subjects")
[ "$type" = application/vnd.schemaregistry.v1+json ] || { echo "content type '$type'"; exit 1; }
type=$(curl -sS -m 20 -o /dev/null -w '%{content_type}' -H 'Accept: application/json' "$REGISTRY_URL/subjects")
[ "$type" = application/json ] || { echo "content type '$type'"; exit 1; }
