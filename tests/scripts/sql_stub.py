"""sql_stub.py -- a ksqlDB server of a few canned answers, for tests of the SQL shell.

usage: sql_stub.py PORT-FILE LOG-FILE

Writes its port into PORT-FILE when it listens, and each request as a line into LOG-FILE. What it
answers is chosen by the statement; some answers are those of a hostile server.
"""
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ESC = "\x1b[2J"
COLUMNS = [("ID", "BIGINT", "KEY"), ("METHOD", "STRING", None), ("TOTAL_AMOUNT", "DOUBLE", None)]


def streams():
    return {"@type": "streams", "statementText": "LIST STREAMS;", "warnings": [], "streams": [
        {"type": "STREAM", "name": "ORDERS", "topic": "mcd_orders", "keyFormat": "KAFKA",
         "valueFormat": "AVRO", "isWindowed": False},
        {"type": "STREAM", "name": "evil" + ESC, "topic": "t\u202e\u0085\n", "keyFormat": "KAFKA",
         "valueFormat": "JSON", "isWindowed": True}]}


def tables():
    return {"@type": "tables", "tables": [
        {"type": "TABLE", "name": "BY_METHOD", "topic": "BY_METHOD", "keyFormat": "KAFKA",
         "valueFormat": "AVRO", "isWindowed": False}]}


def description(extended):
    fields = [{"name": name, "schema": {"type": kind, "fields": None, "memberSchema": None},
               **({"type": role} if role else {})} for name, kind, role in COLUMNS]
    fields.append({"name": "ITEMS", "schema": {"type": "ARRAY", "memberSchema": {
        "type": "STRUCT", "fields": [{"name": "NAME", "schema": {"type": "STRING"}}]}}})
    return {"@type": "sourceDescription", "sourceDescription": {
        "name": "ORDERS", "type": "STREAM", "fields": fields, "extended": extended,
        "topic": "mcd_orders", "partitions": 4, "replication": 1, "keyFormat": "KAFKA",
        "valueFormat": "AVRO", "statement": "CREATE STREAM ORDERS ...", "readQueries": [],
        "writeQueries": [], "statistics": "", "errorStats": "", "timestamp": ""}}


def error(message, code=40001):
    return {"@type": "statement_error", "error_code": code, "message": message,
            "statementText": "", "entities": []}


def answer(text, request):
    """Entities of one statement, or an error as (status, body)."""
    upper = re.sub(r"\s+", " ", text).strip().upper()
    if upper.startswith(("LIST STREAMS", "SHOW STREAMS")):
        return streams()
    if upper.startswith(("LIST TABLES", "SHOW TABLES")):
        return tables()
    if upper.startswith(("LIST TOPICS", "SHOW TOPICS")):
        return {"@type": "kafka_topics", "topics": [{"name": "mcd_orders", "replicaInfo": [1, 1, 1, 1]}]}
    if upper.startswith(("LIST QUERIES", "SHOW QUERIES")):
        return {"@type": "queries", "queries": [{
            "id": "CSAS_BIG_7", "queryType": "PERSISTENT", "statusCount": {"RUNNING": 1},
            "sinks": ["BIG"], "sinkKafkaTopics": ["BIG"],
            "queryString": "CREATE STREAM BIG AS SELECT * FROM ORDERS WHERE TOTAL_AMOUNT > 50;"}]}
    if upper.startswith("LIST FUNCTIONS"):
        return {"@type": "function_names", "functions": [{"name": "COUNT", "type": "AGGREGATE"}]}
    if upper.startswith("LIST PROPERTIES"):
        return {"@type": "properties", "properties": [
            {"name": "auto.offset.reset", "scope": "KSQL", "value": "latest"}]}
    if upper.startswith("DESCRIBE"):
        return description("EXTENDED" in upper)
    if upper.startswith("CREATE"):
        return {"@type": "currentStatus", "commandId": "stream/BIG/create",
                "commandSequenceNumber": 3,
                "commandStatus": {"status": "QUEUED", "message": "queued", "queryId": None}}
    if upper.startswith("SHOW VARIABLES"):
        return {"@type": "variables", "variables": [
            {"name": k, "value": v} for k, v in request["sessionVariables"].items()]}
    if upper.startswith("SHOW PROPERTIES"):
        return {"@type": "properties", "properties": [
            {"name": k, "value": v, "scope": "KSQL"}
            for k, v in request["streamsProperties"].items()]}
    if upper.startswith("BAD"):
        at = text.index("BAD")
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        return (400, json.dumps(error("line %d:%d: 'BAD' is no statement" % (line, column))))
    if upper.startswith("EVIL ERROR"):
        return (400, json.dumps(error("line 1:6: wrong\r\n" + ESC + "drivethru: all is well")))
    if upper.startswith("NOT JSON"):
        return (200, "<html>" + ESC)
    if upper.startswith("NO LIST"):
        return (200, '{"a":1}')
    if upper.startswith("PLAIN ERROR"):
        return (500, "boom" + ESC)
    if upper.startswith("ENDLESS"):
        return (200, None)
    return (400, json.dumps(error("no answer to " + text)))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def note(self, body):
        with open(sys.argv[2], "a") as log:
            who = self.headers.get("Authorization")
            log.write("%s %s %s%s\n" % (self.command, self.path, body, " by " + who if who else ""))

    def whole(self, status, body):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.ksqlapi.delimited.v1")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, text):
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def do_GET(self):
        self.note("")
        if self.path == "/info":
            self.whole(200, json.dumps({"KsqlServerInfo": {
                "version": "7.9.0-stub" + ESC, "kafkaClusterId": "stub", "ksqlServiceId": "stub_",
                "serverStatus": "RUNNING"}}))
        elif self.path.startswith("/is_valid_property/"):
            name = self.path.rsplit("/", 1)[1]
            good = name.startswith(("auto.", "ksql."))
            self.whole(200 if good else 400, "true" if good else
                       json.dumps(error("Not recognizable as ksql, streams property: " + name, 40000)))
        elif self.path.startswith("/status/"):
            self.whole(200, json.dumps({"status": "SUCCESS", "message": "Stream BIG created",
                                        "queryId": "CSAS_BIG_7"}))
        else:
            self.whole(404, "not found")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.note(body)
        request = json.loads(body)
        try:
            if self.path == "/ksql":
                self.statements(request)
            elif self.path == "/query-stream":
                self.query(request["sql"], request)
            elif self.path == "/query":
                self.print_topic(request["ksql"])
        except (BrokenPipeError, ConnectionResetError):
            with open(sys.argv[2], "a") as log:
                log.write("client left\n")
            self.close_connection = True

    def statements(self, request):
        entities = []
        sql = re.sub(r"/\*.*?\*/|--[^\n]*", " ", request["ksql"], flags=re.S)
        for text in filter(str.strip, re.findall(r"(?:'[^']*'|`[^`]*`|[^;'`])+;?", sql)):
            entity = answer(text, request)
            if isinstance(entity, tuple):
                status, body = entity
                if body is None:
                    self.begin()
                    while True:
                        self.chunk("[" * 65536)
                self.whole(status, body)
                return
            entities.append(entity)
        self.whole(200, json.dumps(entities))

    def query(self, sql, request):
        if "NOWHERE" in sql:
            at = sql.index("NOWHERE")
            line = sql.count("\n", 0, at) + 1
            column = at - (sql.rfind("\n", 0, at) + 1) + 1
            self.whole(400, json.dumps(error(
                "line %d:%d: no stream or table 'NOWHERE', did you mean 'ORDERS'?" % (line, column))))
            return
        self.begin()
        push = "EMIT" in sql
        if "NO_HEADER" in sql:
            self.chunk('[1,"a",2.5]\n')
            return
        self.chunk(json.dumps({"queryId": "transient_1" if push else None,
                               "columnNames": [c[0] for c in COLUMNS],
                               "columnTypes": [c[1] for c in COLUMNS]}) + "\n")
        limit = re.search(r"LIMIT (\d+)", sql)
        limit = int(limit.group(1)) if limit else None if push else 2
        if "HUGE" in sql:
            while True:
                self.chunk("[" + "1," * 32768)
        if "BAD_JSON" in sql:
            self.chunk('[1,"a",2.5]\n{"x":\n')
        if "SHORT_ROW" in sql:
            self.chunk('[1,"a"]\n')
        if "DEEP" in sql:
            self.chunk("[" * 1000 + "]" * 1000 + "\n")
        if "ERROR_LATE" in sql:
            self.chunk('[1,"a",2.5]\n' + json.dumps(error("the query failed" + ESC, 50000)) + "\n")
        if "BREAKS" in sql:
            self.chunk('[1,"a",2.5]\n[2,"b"')
            self.wfile.flush()
            self.connection.close()
            self.close_connection = True
            return
        if "EVIL" in sql:
            self.chunk(json.dumps([1, "a" + ESC + "\x9b1m\u202e\n\x7f\u0000", None]) + "\n")
            # raw bytes, as a hostile server may send them
            self.chunk(b'[2,"raw \xc2\x9b31m \x7f \xe2\x80\xae",1]\n')
            limit = 2
        n = 0
        if "EVIL" not in sql:
            while limit is None or n < limit:
                n += 1
                # in two pieces: a row may be cut anywhere
                row = json.dumps([n, "CARD" if n % 2 else "CASH", n * 2.5])
                self.chunk(row[:5])
                self.chunk(row[5:] + "\n")
                if push:
                    time.sleep(0.02)
        self.chunk("")

    def print_topic(self, sql):
        self.begin()
        self.chunk("Key format: KAFKA_STRING\nValue format: AVRO\n")
        n = 0
        while "LIMIT" not in sql or n < 2:
            n += 1
            self.chunk("rowtime: 2026/01/31 10:00:00.000 Z, key: %d, value: a%sb\n" % (n, ESC))
            time.sleep(0.02)
        self.chunk("")


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[1], "w") as file:
    file.write(str(server.server_address[1]))
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()  # until whoever started it is gone
