"""Extract-and-load tools beside `mateo`, against the sandbox: see docs/COMPARISON.md.

    python run.py MATEO TOOL PYTHON     TOOL is dlt, singer, airbyte or mateo; PYTHON has the tool installed

Two syncs of 1,000 imports at two requests a second. Between them three things happen, as they do on a real server: a
transaction that began five seconds before the first sync commits (`late`), an import finishes (`changed`), and one is
deleted (`deleted`).
"""

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

PORT = 39117
HERE = Path(__file__).parent
mateo, tool, python = sys.argv[1:]
folder = Path(tempfile.mkdtemp())


def row(updated, random=random.Random(1)):
    at = (updated - timedelta(seconds=2)).isoformat()
    return {
        "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "created_at": at,
        "updated_at": updated.isoformat(),
        "organisation_id": "e3df8f41-6089-445b-a1fb-c0b40b950efd",
        "type": "contact_details",
        "payload": [{"email": "ida@example.com"}],
        "contact_list_id": None,
        "failed_url": None,
        "payload_url": None,
        "total_count": 1,
        "success_count": 1,
        "failed_count": 0,
        "reference_id": None,
    }


def sync(rows):
    """One sync against a server with these rows: what it printed, the seconds, the server's own count of requests."""
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    server = subprocess.Popen(
        [mateo, "sandbox", "--rows", folder / "rows.jsonl", "--listen", f"127.0.0.1:{PORT}", "--rate", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server.stdout.readline()
    start = time.monotonic()
    done = subprocess.run(
        [python, HERE / f"{tool}_copy.py", f"http://127.0.0.1:{PORT}/api/v1", folder, mateo],
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - start
    server.send_signal(signal.SIGTERM)
    said = server.stderr.read().strip().splitlines()[-1]
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    copy = json.loads((folder / "copy.json").read_text())
    return copy, seconds, said


now = datetime.now(timezone.utc)
table = [row(now - timedelta(seconds=2000 - second)) for second in range(0, 1999, 2)]
late = row(now - timedelta(seconds=5))
copy, seconds, said = sync(table)
print(f"{tool}: first sync: {len(copy)} of {len(table)} imports in {seconds:.1f} s; {said}")

changed, deleted = table[10], table[20]
changed["updated_at"] = datetime.now(timezone.utc).isoformat()
changed["success_count"] = 7
table.remove(deleted)
table.append(late)
time.sleep(2)
copy, seconds, said = sync(table)
print(
    f"{tool}: second sync: late {late['id'] in copy}, changed {copy[changed['id']] == 7}, "
    f"deleted row still there {copy.get(deleted['id']) is not None} in {seconds:.1f} s; {said}"
)
