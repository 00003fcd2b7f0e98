"""mongo_replica -- a replica set of one that speaks enough of MongoDB's protocol: transactions, duplicate keys,
write conflicts and stepping down, which the servers that can be had do not have. Documents are in memory.

usage: mongo_replica.py PORT [FAULT...]     step_down=N: the Nth command with a write is answered "not primary"
commit_unknown=N: the Nth commit takes place and is answered with a write concern's failure
refuse=NAME:VALUE: a document with that member is refused by validation"""
import socketserver
import struct
import sys
import threading

import bson
from bson import SON, Int64, ObjectId

port = int(sys.argv[1])
faults = {}
for fault in sys.argv[2:]:
    name, _, value = fault.partition("=")
    faults[name] = value
lock = threading.Lock()
documents = {}  # "database.collection" -> {id bytes: document}
transactions = {}  # session id -> copy of documents
counts = {"write": 0, "commit": 0}


def key(value):
    return bson.encode({"": value})


def get(document, path):
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            return None
        document = document[name]
    return document


def matches(document, query):
    for name, wanted in query.items():
        if name == "$or":
            if not any(matches(document, one) for one in wanted):
                return False
        elif isinstance(wanted, dict) and any(operator.startswith("$") for operator in wanted):
            found = get(document, name)
            for operator, operand in wanted.items():
                good = {"$ne": lambda: found != operand,
                        "$lte": lambda: found is not None and found <= operand,
                        "$lt": lambda: found is not None and found < operand}[operator]()
                if not good:
                    return False
        elif get(document, name) != wanted:
            return False
    return True


class Refusal(Exception):
    def __init__(self, code, message):
        self.code = code
        self.message = message


def check(document):
    name, _, value = faults.get("refuse", "").partition(":")
    if name and str(document.get(name)) == value:
        raise Refusal(121, "Document failed validation")


def update_one(collection, one):
    query, change = one["q"], one["u"]
    is_replacement = not any(name.startswith("$") for name in change)
    candidates = [collection[key(query["_id"])]] if key(query["_id"]) in collection else []
    found = next((document for document in candidates if matches(document, query)), None)
    if found is None:
        if not one.get("upsert"):
            return None
        if key(query["_id"]) in collection:
            raise Refusal(11000, "E11000 duplicate key error index: _id_ dup key")
        document = {"_id": query["_id"]}
    else:
        document = dict(found)
    if is_replacement:
        document = dict(change)
    else:
        for operator, members in change.items():
            for name, value in members.items():
                if operator == "$inc":
                    document[name] = Int64(document.get(name, 0) + value)
                elif operator == "$set" or found is None:
                    document[name] = value
    check(document)
    collection[key(document["_id"])] = document
    return found is None, document


def write(command, name, into):
    collection = into.setdefault(command["$db"] + "." + command[name], {})
    reply, errors = SON(n=0), []
    for index, one in enumerate(command[{"update": "updates", "insert": "documents", "delete": "deletes"}[name]]):
        try:
            if name == "update":
                done = update_one(collection, one)
                if done and done[0]:
                    reply.setdefault("upserted", []).append({"index": index, "_id": done[1]["_id"]})
                elif done:
                    reply["nModified"] = reply.get("nModified", 0) + 1
                reply["n"] += done is not None
            elif name == "insert":
                if key(one["_id"]) in collection:
                    raise Refusal(11000, "E11000 duplicate key error index: _id_ dup key")
                check(one)
                collection[key(one["_id"])] = one
                reply["n"] += 1
            else:
                reply["n"] += collection.pop(key(one["q"]["_id"]), None) is not None
        except Refusal as refusal:
            errors.append({"index": index, "code": refusal.code, "errmsg": refusal.message})
            if command.get("ordered", True):
                break
    if errors:
        reply["writeErrors"] = errors
    return reply, bool(errors)


def answer(command):
    name = next(iter(command))
    session = bytes(command["lsid"]["id"]) if "lsid" in command else None
    in_transaction = command.get("autocommit") is False
    if name.lower() in ("hello", "ismaster"):
        return SON(ismaster=True, isWritablePrimary=True, setName="rs0", hosts=["127.0.0.1:%d" % port],
                   me="127.0.0.1:%d" % port, primary="127.0.0.1:%d" % port, setVersion=1, maxBsonObjectSize=16 << 20,
                   maxMessageSizeBytes=48000000, maxWriteBatchSize=100000, logicalSessionTimeoutMinutes=30,
                   minWireVersion=0, maxWireVersion=13, electionId=ObjectId("7fffffff0000000000000001"))
    if name in ("update", "insert", "delete", "findAndModify"):
        counts["write"] += 1
        if str(counts["write"]) == faults.get("step_down"):
            return SON(ok=0.0, code=10107, codeName="NotWritablePrimary", errmsg="not primary",
                       errorLabels=["TransientTransactionError"] if in_transaction else [])
    if in_transaction and command.get("startTransaction"):
        transactions[session] = {place: dict(inside) for place, inside in documents.items()}
    if in_transaction and name in ("update", "insert", "delete"):
        if session not in transactions:
            return SON(ok=0.0, code=251, codeName="NoSuchTransaction", errmsg="no such transaction",
                       errorLabels=["TransientTransactionError"])
        reply, failed = write(command, name, transactions[session])
        if failed:
            del transactions[session]
        return reply
    if name == "commitTransaction":
        counts["commit"] += 1
        # One writer at a time is all that these tests have.
        if session in transactions:
            documents.clear()
            documents.update(transactions.pop(session))
        if str(counts["commit"]) == faults.get("commit_unknown"):
            return SON(ok=1.0, writeConcernError={"code": 64, "errmsg": "waiting for replication timed out"})
        return SON()
    if name == "abortTransaction":
        transactions.pop(session, None)
        return SON()
    if name in ("update", "insert", "delete"):
        return write(command, name, documents)[0]
    if name == "findAndModify":
        collection = documents.setdefault(command["$db"] + "." + command[name], {})
        done = update_one(collection, {"q": command["query"], "u": command["update"], "upsert": True})
        return SON(value=done[1])
    if name == "find":
        found = [document for document in documents.get(command["$db"] + "." + command[name], {}).values()
                 if matches(document, command.get("filter", {}))]
        for member, order in reversed(list(command.get("sort", {}).items())):
            found.sort(key=lambda document: key(document[member]), reverse=order < 0)
        if command.get("limit"):
            found = found[:command["limit"]]
        return SON(cursor={"id": Int64(0), "ns": command["$db"] + "." + command[name], "firstBatch": found})
    if name == "test_counts":
        return SON(counts)
    if name in ("ping", "endSessions", "killCursors"):
        return SON()
    return SON(ok=0.0, code=59, errmsg="no such command: '%s'" % name)


class Handler(socketserver.BaseRequestHandler):
    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.request.recv(size - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def handle(self):
        try:
            while True:
                size, request, _, operation = struct.unpack("<iiii", self.read(16))
                self.reply(request, operation, self.read(size - 16))
        except ConnectionError:
            pass

    def reply(self, request, operation, body):
        if operation == 2004:  # the first hello, as a query
            at = body.index(b"\0", 4) + 1 + 8
            command = bson.decode(body[at:at + struct.unpack_from("<i", body, at)[0]])
        else:
            command, at = None, 4
            while at < len(body):
                section, at = body[at], at + 1
                size = struct.unpack_from("<i", body, at)[0]
                if section == 0:
                    command = bson.decode(body[at:at + size], bson.CodecOptions(document_class=SON))
                    for name, value in pending:
                        command[name] = value
                else:
                    end = body.index(b"\0", at + 4)
                    items = bson.decode_all(body[end + 1:at + size], bson.CodecOptions(document_class=SON))
                    if command is None:
                        pending.append((body[at + 4:end].decode(), items))
                    else:
                        command[body[at + 4:end].decode()] = items
                at += size
        with lock:
            answered = answer(command)
        answered.setdefault("ok", 1.0)
        encoded = bson.encode(answered)
        if operation == 2004:
            message = struct.pack("<iqii", 8, 0, 0, 1) + encoded
            code = 1
        else:
            message = struct.pack("<I", 0) + b"\0" + encoded
            code = 2013
        self.request.sendall(struct.pack("<iiii", 16 + len(message), 1, request, code) + message)


pending = []
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer.daemon_threads = True
socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler).serve_forever()
