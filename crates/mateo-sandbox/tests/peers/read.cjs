// Reads the recorded rows with postgrest-js, and compares each answer with what the rows say.
// Run by ../peers.rs: node read.cjs BASE_URL KEY ROWS

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { PostgrestClient } = require("@supabase/postgrest-js");

const [url, key, file] = process.argv.slice(2);
const rows = fs.readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const client = (token) => new PostgrestClient(url, { headers: { Authorization: `Bearer ${token}` } });
const imports = client(key).from("import");
const page = (count) => Math.min(50, count);
const counted = (test) => page(rows.filter(test).length);
const nobody = "00000000-0000-0000-0000-000000000000";
// The server leaves a fraction's last zeros out.
const time = (text) => text.replace(/\.?0*\+00:00$/, "Z");
const same = (row) => ({ ...row, created_at: time(row.created_at), updated_at: time(row.updated_at) });

async function rowsOf(query) {
    const { data, error } = await query;
    assert.equal(error, null);
    return data;
}

async function refused(query, status, code) {
    const answer = await query;
    assert.deepEqual([answer.status, answer.error?.code], [status, code]);
}

async function main() {
    const all = [];
    for (let total = 1; all.length < total; ) {
        const query = imports.select("*", { count: "exact" }).order("created_at").order("id");
        const { data, error, count } = await query.range(all.length, all.length + 49);
        assert.equal(error, null);
        all.push(...data);
        total = count;
    }
    const byId = new Map(rows.map((row) => [row.id, row]));
    assert.equal(new Set(all.map((row) => row.id)).size, rows.length);
    for (const row of all) assert.deepEqual(same(row), same(byId.get(row.id)));

    const head = await imports.select("*", { count: "exact", head: true });
    assert.deepEqual([head.count, head.data], [rows.length, null]);
    assert.equal((await rowsOf(imports.select("*").eq("id", rows[5].id).single())).id, rows[5].id);
    assert.equal(await rowsOf(imports.select("*").eq("id", nobody).maybeSingle()), null);
    await refused(imports.select("*").eq("id", nobody).single(), 406, "PGRST116");

    const ids = rows.slice(0, 7).map((row) => row.id);
    assert.deepEqual(new Set((await rowsOf(imports.select("id").in("id", ids))).map((row) => row.id)), new Set(ids));
    const isOpen = (row) => row.failed_count > 0 || row.success_count === null;
    const open = await rowsOf(imports.select("id").or("failed_count.gt.0,success_count.is.null"));
    assert.equal(open.length, counted(isOpen));
    const unnamed = await rowsOf(imports.select("id").is("reference_id", null));
    assert.equal(unnamed.length, counted((row) => row.reference_id === null));
    const batches = await rowsOf(imports.select("id").not("reference_id", "is", null).ilike("reference_id", "%BATCH%"));
    assert.equal(batches.length, counted((row) => /batch/i.test(row.reference_id ?? "")));
    const thousands = await rowsOf(imports.select("id").gt("total_count", 999).lt("total_count", 1001));
    assert.equal(thousands.length, counted((row) => row.total_count === 1000));
    const erp = await rowsOf(imports.select("payload").contains("payload", { source: "erp" }));
    assert.ok(erp.length > 0 && erp.every((row) => row.payload.source === "erp"));
    const named = await rowsOf(imports.select("ref:reference_id,n:payload->n").limit(3));
    assert.ok(named.length === 3 && named.every((row) => "ref" in row && "n" in row));

    await refused(imports.select("nope"), 400, "42703");
    await refused(imports.select("id").eq("id", "x"), 400, "22P02");
    await refused(imports.select("id").like("id", "x"), 404, "42883");
    await refused(imports.select("id", { count: "exact" }).range(500, 549), 416, "PGRST103");
    assert.deepEqual(await rowsOf(imports.select("id").range(500, 549)), []);
    await refused(client("wrong").from("import").select("id"), 403, "FORBIDDEN");
}

main();
