"""Reads the recorded rows with postgrest-py, and compares each answer with what the rows say.

Run by ../peers.rs: python3 read.py BASE_URL KEY ROWS
"""

import json
import re
import sys

from postgrest import APIError, CountMethod, SyncPostgrestClient

url, key, file = sys.argv[1:]
with open(file, encoding="utf-8") as lines:
    rows = [json.loads(line) for line in lines]
NOBODY = "00000000-0000-0000-0000-000000000000"


def imports(token=key):
    return SyncPostgrestClient(url, headers={"Authorization": f"Bearer {token}"}).from_("import")


def counted(test):
    return min(50, sum(1 for row in rows if test(row)))


def same(row):
    """The server leaves a fraction's last zeros out."""
    times = {column: re.sub(r"\.?0*\+00:00$", "Z", row[column]) for column in ("created_at", "updated_at")}
    return {**row, **times}


def refused(query, code):
    try:
        query.execute()
    except APIError as error:
        assert error.code == code, error
    else:
        raise AssertionError(f"{code} was expected")


read = []
while True:
    query = imports().select("*", count=CountMethod.exact).order("updated_at", desc=True).order("id")
    answer = query.range(len(read), len(read) + 49).execute()
    read += answer.data
    if len(read) >= answer.count:
        break
by_id = {row["id"]: row for row in rows}
assert len({row["id"] for row in read}) == len(rows)
for row in read:
    assert same(row) == same(by_id[row["id"]]), row

assert imports().select("*", count=CountMethod.exact, head=True).execute().count == len(rows)
assert imports().select("*").eq("id", rows[3]["id"]).single().execute().data["id"] == rows[3]["id"]
assert imports().select("*").eq("id", NOBODY).maybe_single().execute() is None

ids = [row["id"] for row in rows[:9]]
assert {row["id"] for row in imports().select("id").in_("id", ids).execute().data} == set(ids)
references = ["batch 1", "batch 2"]
found = imports().select("id").in_("reference_id", references).execute().data
assert len(found) == counted(lambda row: row["reference_id"] in references)
found = imports().select("id").or_("type.eq.deal_details,failed_count.gt.0").execute().data
assert len(found) == counted(lambda row: row["type"] == "deal_details" or (row["failed_count"] or 0) > 0)
found = imports().select("id").is_("contact_list_id", "null").execute().data
assert len(found) == counted(lambda row: row["contact_list_id"] is None)
found = imports().select("id").like("reference_id", "%batch%").execute().data
assert len(found) == counted(lambda row: "batch" in (row["reference_id"] or ""))
found = imports().select("payload").contains("payload", {"source": "erp"}).execute().data
assert found and all(row["payload"]["source"] == "erp" for row in found)
assert len(imports().select("ref:reference_id,n:payload->n").limit(3).execute().data) == 3

refused(imports().select("nope"), "42703")
refused(imports().select("id").eq("id", "x"), "22P02")
refused(imports().select("id").like("id", "x"), "42883")
refused(imports().select("id", count=CountMethod.exact).range(500, 549), "PGRST103")
refused(imports("wrong").select("id"), "FORBIDDEN")
