//~ no method named `contained_by` found for struct `Column<String>`
use mateo_model::columns::REFERENCE_ID;

fn main() {
    let _ = REFERENCE_ID.contained_by(["a"]); // 42883
}
