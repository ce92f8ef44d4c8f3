//~ no method named `is_true` found for struct `Column<String>`
use mateo_model::columns::REFERENCE_ID;

fn main() {
    let _ = REFERENCE_ID.is_true(); // 42804
}
