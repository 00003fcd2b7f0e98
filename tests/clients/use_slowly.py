"""use_slowly -- takes rows of push queries fast and not at all, from the server at URL."""
import json
import os
import socket
import time
import urllib.parse

url = urllib.parse.urlsplit(os.environ["URL"])


def ask(path, body, buffer=None):
    """The socket of a request that was sent."""
    client = socket.socket()
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


def push(columns, limit=""):
    return {"sql": f"SELECT {columns} FROM mcd_orders_stream EMIT CHANGES {limit};",
            "properties": {"auto.offset.reset": "earliest"}}


# More than the queue holds, taken as it comes: nothing is lost.
wide = "LPAD(order_id, 40000, 'x') AS wide"
lines = read_all(ask("/query-stream", push(wide, "LIMIT 2300"))).splitlines()
assert len(lines) == 2301, (len(lines), lines[-1][:300])

# The same, not taken: it ends, and the last thing said is why.
slow = ask("/query-stream", push(wide), buffer=4096)
deadline = time.time() + 60
while b"transient" in read_all(ask("/ksql", {"ksql": "SHOW QUERIES;"})):
    assert time.time() < deadline, "the query of a client that takes nothing goes on"
    time.sleep(0.1)
last = json.loads(read_all(slow).splitlines()[-1])
assert last["@type"] == "generic_error" and "too slowly" in last["message"], last
