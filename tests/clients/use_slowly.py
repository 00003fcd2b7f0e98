"""use_slowly -- takes rows of push queries fast and not at all, from the server at URL."""
import json
import os
import socket
import time
import urllib.parse

ROWS = 2400
url = urllib.parse.urlsplit(os.environ["URL"])


def ask(path, body, buffer=None):
    """The socket of a request that was sent."""
    client = socket.socket()
    client.settimeout(120)
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.connect((url.hostname, url.port))
    text = json.dumps(body).encode()
    client.sendall(b"POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s"
                   % (path.encode(), len(text), text))
    return client


def read_all(client):
    pieces = []
    while piece := client.recv(1 << 20):
        pieces.append(piece)
    return b"".join(pieces).split(b"\r\n\r\n", 1)[1]


def push(limit=""):
    return {"sql": f"SELECT LPAD(id, 40000, 'x') AS wide FROM narrow EMIT CHANGES {limit};",
            "properties": {"auto.offset.reset": "earliest"}}


# As many rows at any time of the day.
read_all(ask("/ksql", {"ksql": "CREATE STREAM narrow (id STRING KEY, n INT) WITH (KAFKA_TOPIC='narrow',"
                               " VALUE_FORMAT='JSON', PARTITIONS=4);"}))
for first in range(0, ROWS, 100):
    rows = "".join(f"INSERT INTO narrow (id, n) VALUES ('{n}', {n});" for n in range(first, first + 100))
    assert b"error_code" not in read_all(ask("/ksql", {"ksql": rows})), first

# More than the queue holds, taken as it comes: nothing is lost.
lines = read_all(ask("/query-stream", push(f"LIMIT {ROWS}"))).splitlines()
assert len(lines) == ROWS + 1, (len(lines), lines[-1][:300])

# The same, not taken once it has begun: it ends, and the last thing said is why.
slow = ask("/query-stream", push(), buffer=4096)
deadline = time.time() + 60
while b"queryId" not in slow.recv(4096, socket.MSG_PEEK):
    assert time.time() < deadline, "the query does not begin"
    time.sleep(0.05)
while b"transient" in read_all(ask("/ksql", {"ksql": "SHOW QUERIES;"})):
    assert time.time() < deadline, "the query of a client that takes nothing goes on"
    time.sleep(0.1)
last = json.loads(read_all(slow).splitlines()[-1])
assert last["@type"] == "generic_error" and "too slowly" in last["message"], last
