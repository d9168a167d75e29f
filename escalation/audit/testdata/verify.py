"""Verifies the chains of an export: a third implementation, written from
docs/evidence.md. Usage: python3 verify.py FILE; exit code 1 when it is broken."""
import base64
import hashlib
import json
import struct
import sys


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def check(lines):
    total = hashlib.sha256()
    stream, seq, at, previous = None, 0, None, None
    counts = {"documents": 0, "streams": 0, "entries": 0}
    for raw in lines:
        line = json.loads(raw)
        if line["type"] == "document":
            counts["documents"] += 1
            assert sha(base64.b64decode(line["document"])).hex() == line["digest"], "document"
        elif line["type"] == "entry":
            counts["entries"] += 1
            name = base64.b64decode(line["stream_bytes"]) if "stream_bytes" in line else line["stream"].encode()
            if name != stream:
                assert stream is None or stream < name, "order of streams"
                stream, seq, at, previous = name, 0, None, sha(b"\x02", name)
                counts["streams"] += 1
            assert line["seq"] == seq + 1, "seq"
            assert at is None or line["at"] >= at, "at"
            assert bytes.fromhex(line["previous"]) == previous, "previous"
            if not line.get("erased"):
                body = base64.b64decode(line.get("body", ""))
                assert sha(b"\x00", bytes.fromhex(line["salt"]), body).hex() == line["sum"], "sum"
            seq, at = line["seq"], line["at"]
            link = struct.pack(">QqB", seq, at, line["kind"])
            previous = sha(b"\x01", previous, link, bytes.fromhex(line["sum"]))
            assert previous.hex() == line["hash"], "hash"
        elif line["type"] == "end":
            assert line["counts"] == counts, "counts"
            assert line["total"] == total.hexdigest(), "total"
            return
        total.update(raw)
    raise AssertionError("no end")


try:
    check(open(sys.argv[1], "rb"))
except (AssertionError, KeyError, ValueError) as fault:
    sys.exit(f"broken: {fault}")
