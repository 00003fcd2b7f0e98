"""compare_connectors -- prints how the documents in database "ours" differ from those in "theirs", both of $MONGODB_URI:
collection, member, ours, theirs, once for all documents of a collection. Where the types differ these are named, else
the values. Documents are matched by members that both have. A random ObjectId and a clock's time count as types only.

usage: compare_connectors.py"""
import os
import re
import sys
import time

from pymongo import MongoClient

client = MongoClient(os.environ["MONGODB_URI"])
# How many documents each connector makes of the records there are.
expected = {"avro_oid": 5, "avro_place": 5, "avro_part": 4, "avro_business": 4, "avro_insert": 5, "avro_block": 5,
            "json_key": 2, "json_update": 3, "json_times": 3, "json_uuid": 4}
# What theirs takes from chance or the clock, so that only its type can be compared.
made_anew = {("avro_oid", "_id"), ("json_uuid", "_id"), ("json_times", "_insertedTS"), ("json_times", "_modifiedTS")}


def flat(value, path=""):
    if isinstance(value, dict):
        inner = ((path + "." + name if path else name, one) for name, one in value.items())
    elif isinstance(value, list):
        inner = (("%s[%d]" % (path, index), one) for index, one in enumerate(value))
    else:
        return {path: value}
    found = {path: type(value).__name__} if not value else {}
    for name, one in inner:
        found.update(flat(one, name))
    return found


def kind(value):
    # Python's int hides which of the two a number is: Int64 is kept for one, int for the other.
    return {"int": "int32", "Int64": "int64", "datetime": "date", "float": "double", "NoneType": "null"}.get(
        type(value).__name__, type(value).__name__)


ABSENT = object()


def difference(ours, theirs):
    """None: there is none."""
    if ours is ABSENT or theirs is ABSENT:
        return tuple("absent" if one is ABSENT else kind(one) for one in (ours, theirs))
    if kind(ours) != kind(theirs):
        same = isinstance(ours, int) and isinstance(theirs, int) and ours == theirs
        return tuple(kind(one) if same or not isinstance(one, int) else "%s %s" % (kind(one), one) for one in (ours, theirs))
    return None if ours == theirs else (repr(ours), repr(theirs))


def documents(database, collection):
    return list(client[database][collection].find())


def settled():
    """Waits until both have what they are to have; the longest is a group's first rebalance."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        late = {(name, database): len(documents(database, name)) for name in expected for database in ("ours", "theirs")
                if len(documents(database, name)) != expected[name]}
        if not late:
            return
        time.sleep(0.2)
    print("not as many documents as expected:", late)
    sys.exit(1)


def match_key(document):
    """What tells records apart: S and I, which both sides have."""
    return (document.get("S"), document.get("I") or 0)


settled()
for name in sorted(expected):
    ours = sorted(documents("ours", name), key=match_key)
    theirs = sorted(documents("theirs", name), key=match_key)
    seen = []
    for one, other in zip(ours, theirs):
        for member in ("_id", "_insertedTS", "_modifiedTS"):
            if (name, member) in made_anew and type(one[member]) is type(other[member]):
                other[member] = one[member]
        left, right = flat(one), flat(other)
        for path in sorted(set(left) | set(right)):
            found = difference(left.get(path, ABSENT), right.get(path, ABSENT))
            line = found and "%s | %s | %s | %s" % (name, re.sub(r"[0-9]+(?=])", "", path), *found)
            if line and line not in seen:
                seen.append(line)
        common = [[member for member in left if member in right], [member for member in right if member in left]]
        if common[0] != common[1]:
            line = "%s | order of members | the row's | another" % name
            if line not in seen:
                seen.append(line)
    for line in seen:
        print(line)
