//~ can't be compared with `str`
use mateo_model::columns::UPDATED_AT;

fn main() {
    let _ = UPDATED_AT.gte("yesterday"); // 22007
}
