"""same -- whether two runs of the pipeline came to the same: python3 same.py ONE OTHER

Each is a directory with a file TOPIC.stream or TOPIC.table of `topic read`'s lines, and documents.list of
documents. Streams and documents are compared as multisets of rows, tables by the last row of each key. What names a
place in the log (partition, offset, an _id made of them) is left out; sums of doubles may differ in the
order of summation.
"""
import collections
import json
import os
import sys

PLACES = {"ORDER_PARTITION", "ORDER_OFFSET", "PAYMENT_PARTITION", "PAYMENT_OFFSET", "_id"}
DIGITS = 10
EXAMPLES = 3


def plain(value):
    if isinstance(value, dict):
        return {name: plain(each) for name, each in sorted(value.items()) if name not in PLACES}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def rows(path):
    """A multiset: of all rows, or of a table's last row of each key."""
    last = {}
    found = []
    with open(path) as lines:
        for line in lines:
            row = json.loads(line)
            text = json.dumps([row.get("key"), row.get("timestamp"), plain(row.get("value", row))])
            found.append(text)
            last[json.dumps(row.get("key"))] = text if row.get("value") is not None else None
    if path.endswith(".table"):
        found = [text for text in last.values() if text]
    return collections.Counter(found)


one, other = sys.argv[1:]
names = sorted(os.listdir(one))
assert names and names == sorted(os.listdir(other)), (names, sorted(os.listdir(other)))
bad = 0
for name in names:
    left, right = rows(f"{one}/{name}"), rows(f"{other}/{name}")
    only = [(left - right, one), (right - left, other)]
    print(f"{name}: {left.total()} rows, {right.total()} rows, different {only[0][0].total()} and {only[1][0].total()}")
    for rest, where in only:
        bad += rest.total()
        for text in list(rest)[:EXAMPLES]:
            print(f"    only in {where}: {text}")
    assert left, f"{name} has no rows: nothing was compared"
sys.exit(bad > 0)
