"""postgrest-py on one task: see src/task.rs."""

import json
import sys
import time

from postgrest import SyncPostgrestClient

OTHER = "no row has this"
task = json.load(sys.stdin)
client = SyncPostgrestClient(task["base"], headers={"Authorization": f"Bearer {task['key']}"})
start = time.monotonic()
answer = {"found": None, "rows": 0, "error": None}


def find(value):
    query = client.from_("import").select("id")
    if task["form"] == "eq":
        query = query.eq("reference_id", value)
    elif task["form"] == "in":
        query = query.in_("reference_id", [value, OTHER])
    else:
        query = query.or_(f"reference_id.eq.{value},reference_id.eq.{OTHER}")
    try:
        return [row["id"] for row in query.execute().data]
    except Exception:
        return None


if task["form"]:
    answer["found"] = [find(value) for value in task["values"]]
else:
    while True:
        query = client.from_("import").select("*")
        if task["paged"]:
            query = query.range(answer["rows"], answer["rows"] + 49)
        try:
            rows = query.execute().data
        except Exception as error:
            answer["error"] = str(error)
            break
        answer["rows"] += len(rows)
        if not task["paged"] or len(rows) < 50:
            break

answer["seconds"] = time.monotonic() - start
print(json.dumps(answer))
