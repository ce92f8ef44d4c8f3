// postgrest-js on one task: see src/task.rs.
import { PostgrestClient } from "@supabase/postgrest-js";

const OTHER = "no row has this";
let input = "";
for await (const piece of process.stdin) input += piece;
const task = JSON.parse(input);
const table = () => new PostgrestClient(task.base, { headers: { Authorization: `Bearer ${task.key}` } }).from("import");

const start = performance.now();
const answer = { found: null, rows: 0, error: null };
if (task.form) {
  answer.found = [];
  for (const value of task.values) {
    const query = table().select("id");
    if (task.form === "eq") query.eq("reference_id", value);
    if (task.form === "in") query.in("reference_id", [value, OTHER]);
    if (task.form === "or") query.or(`reference_id.eq.${value},reference_id.eq.${OTHER}`);
    const { data, error } = await query;
    answer.found.push(error ? null : data.map((row) => row.id));
  }
} else {
  for (;;) {
    const query = table().select("*");
    if (task.paged) query.range(answer.rows, answer.rows + 49);
    const { data, error } = await query;
    if (error) {
      answer.error = JSON.stringify(error);
      break;
    }
    answer.rows += data.length;
    if (!task.paged || data.length < 50) break;
  }
}
answer.seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify(answer));
