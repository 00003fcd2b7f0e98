"""compare_registries -- asks two schema registries the same, and prints where their answers differ.

usage: compare_registries.py OUR_URL THEIR_URL    prints "request | ours | theirs", a line a difference.

Ids are numbered by the order in which they come, times and guids left out, and schemas compared as JSON:
what is left is meaning. What a registry lists in no order is sorted."""
import json
import sys
import urllib.error
import urllib.request


def record(*fields):
    return {"type": "record", "name": "Tea", "namespace": "shop", "fields": list(fields)}


SIZE = {"name": "size", "type": "int"}
LID = {"name": "lid", "type": "string", "default": "none"}
ONE, TWO = record(SIZE), record(SIZE, LID)
BAD = record({"name": "size", "type": "string"})
DOCUMENTED = dict(ONE, doc="what is drunk")
TRAY = {"type": "array", "items": "shop.Tea"}
TO_TEA = [{"name": "shop.Tea", "subject": "cmp-tea", "version": 1}]


def body(schema, **more):
    return {"schema": schema if isinstance(schema, str) else json.dumps(schema), **more}


# (method, path, body); {tea}: the id of cmp-tea's first version.
REQUESTS = [
    ("GET", "/schemas/types", None),
    ("GET", "/config", None),
    ("PUT", "/config", {"compatibility": "BACKWARD"}),
    ("GET", "/mode", None),
    ("GET", "/contexts", None),
    ("GET", "/subjects", None),
    ("GET", "/subjects/cmp-tea/versions", None),
    ("POST", "/subjects/cmp-tea", body(ONE)),
    ("POST", "/subjects/cmp-tea/versions", body(ONE)),
    ("POST", "/subjects/cmp-tea/versions", body(ONE, schemaType="AVRO")),
    ("POST", "/subjects/cmp-cup/versions", body(ONE)),
    ("POST", "/subjects/cmp-tea", body(ONE)),
    ("POST", "/subjects/cmp-tea", body(TWO)),
    ("GET", "/subjects/cmp-tea/versions", None),
    ("GET", "/subjects/cmp-tea/versions/1", None),
    ("GET", "/subjects/cmp-tea/versions/latest", None),
    ("GET", "/subjects/cmp-tea/versions/-1", None),
    ("GET", "/subjects/cmp-tea/versions/1/schema", None),
    ("GET", "/subjects/cmp-tea/versions/0", None),
    ("GET", "/subjects/cmp-tea/versions/7", None),
    ("GET", "/subjects/cmp-tea/versions/newest", None),
    ("GET", "/subjects/cmp-nobody/versions/1", None),
    ("GET", "/schemas/ids/{tea}", None),
    ("GET", "/schemas/ids/{tea}/schema", None),
    ("GET", "/schemas/ids/{tea}/versions", None),
    ("GET", "/schemas/ids/{tea}/subjects", None),
    ("GET", "/schemas/ids/99999999", None),
    ("POST", "/compatibility/subjects/cmp-tea/versions/latest", body(TWO)),
    ("POST", "/compatibility/subjects/cmp-tea/versions/latest", body(BAD)),
    ("POST", "/compatibility/subjects/cmp-tea/versions", body(BAD)),
    ("POST", "/compatibility/subjects/cmp-tea/versions/9", body(TWO)),
    ("POST", "/compatibility/subjects/cmp-nobody/versions/latest", body(TWO)),
    ("POST", "/compatibility/subjects/cmp-tea/versions/latest", body("{")),
    ("POST", "/subjects/cmp-tea/versions", body(BAD)),
    ("POST", "/subjects/cmp-tea/versions", body("{")),
    ("POST", "/subjects/cmp-tea/versions", body('"no such type"')),
    ("POST", "/subjects/cmp-tea/versions", body(TWO)),
    ("POST", "/subjects/cmp-tea/versions", body(DOCUMENTED)),
    ("GET", "/subjects/cmp-tea/versions", None),
    ("GET", "/config/cmp-tea", None),
    ("GET", "/config/cmp-tea?defaultToGlobal=true", None),
    ("PUT", "/config/cmp-tea", {"compatibility": "NONE"}),
    ("GET", "/config/cmp-tea", None),
    ("POST", "/compatibility/subjects/cmp-tea/versions/latest", body(BAD)),
    ("DELETE", "/config/cmp-tea", None),
    ("GET", "/config/cmp-tea", None),
    ("PUT", "/config/cmp-tea", {"compatibility": "SOMETIMES"}),
    ("GET", "/mode/cmp-tea", None),
    ("PUT", "/mode/cmp-tea", {"mode": "READONLY"}),
    ("DELETE", "/mode/cmp-tea", None),
    ("POST", "/subjects/cmp-tray/versions", body(TRAY, references=TO_TEA)),
    ("POST", "/subjects/cmp-tray/versions", body(TRAY)),
    ("GET", "/subjects/cmp-tray/versions/1", None),
    ("GET", "/subjects/cmp-tea/versions/1/referencedby", None),
    ("DELETE", "/subjects/cmp-tea/versions/1", None),
    ("DELETE", "/subjects/cmp-tea/versions/2?permanent=true", None),
    ("DELETE", "/subjects/cmp-tea/versions/2", None),
    ("GET", "/subjects/cmp-tea/versions", None),
    ("GET", "/subjects/cmp-tea/versions?deleted=true", None),
    ("GET", "/subjects/cmp-tea/versions/2", None),
    ("DELETE", "/subjects/cmp-tea/versions/2", None),
    ("DELETE", "/subjects/cmp-tea/versions/2?permanent=true", None),
    ("DELETE", "/subjects/cmp-tea/versions/9", None),
    ("DELETE", "/subjects/cmp-tray", None),
    ("DELETE", "/subjects/cmp-cup?permanent=true", None),
    ("DELETE", "/subjects/cmp-cup", None),
    ("DELETE", "/subjects/cmp-cup", None),
    ("GET", "/subjects/cmp-cup/versions", None),
    ("GET", "/subjects?subjectPrefix=cmp-cup", None),
    ("GET", "/subjects?subjectPrefix=cmp-cup&deleted=true", None),
    ("DELETE", "/subjects/cmp-cup?permanent=true", None),
    ("DELETE", "/subjects/cmp-cup", None),
    ("DELETE", "/subjects/cmp-nobody", None),
    ("GET", "/schemas/ids/{tea}", None),
    ("POST", "/subjects/cmp-pot/versions", body(ONE)),
    ("POST", "/subjects/cmp-pot/versions", body(json.dumps(ONE, indent=4))),
    ("GET", "/no/such/path", None),
]


class Registry:
    def __init__(self, url):
        self.url = url
        self.ids = {}
        self.tea = 0

    def ask(self, method, path, sent):
        request = urllib.request.Request(self.url + path.replace("{tea}", str(self.tea)), method=method)
        data = None
        if sent is not None:
            data = json.dumps(sent).encode()
            request.add_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        try:
            with urllib.request.urlopen(request, data, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        try:
            said = json.loads(text)
        except ValueError:
            said = text.decode(errors="replace")[:60]
        if not self.tea and isinstance(said, dict) and "id" in said:
            self.tea = said["id"]
        if method == "POST" and path.endswith("/versions") and isinstance(said, dict) and "id" in said:
            said = {"id": said["id"]}  # newer ones say more
        return status, self.meaning(said)

    def number(self, identity):
        return self.ids.setdefault(identity, len(self.ids) + 1)

    def meaning(self, said):
        if isinstance(said, list):
            return sorted((self.meaning(each) for each in said), key=json.dumps)
        if not isinstance(said, dict):
            return said
        if "error_code" in said:
            return {"error_code": said["error_code"]}
        kept = {}
        for name, value in said.items():
            if name in ("guid", "ts", "messages", "maxId", "schemaType", "deleted") or value in (None, [], {}):
                continue
            if name == "id":
                value = self.number(value)
            if name == "schema":
                value = json.loads(value)
            kept[name] = value
        return kept


def text(answer):
    status, said = answer
    if isinstance(said, dict) and "error_code" in said:
        return f"{status}/{said['error_code']}"
    return f"{status} {json.dumps(said, sort_keys=True)}"


def main():
    ours, theirs = Registry(sys.argv[1]), Registry(sys.argv[2])
    different = 0
    for method, path, sent in REQUESTS:
        mine, other = (text(each.ask(method, path, sent)) for each in (ours, theirs))
        if mine == other:
            continue
        different += 1
        more = " " + " ".join(sent["schema"].split())[-20:] if sent and "schema" in sent else f" {json.dumps(sent)}" if sent else ""
        print(f"{method} {path}{more} | {mine} | {other}")
    print(f"{len(REQUESTS)} requests, {different} answered differently", file=sys.stderr)


main()
