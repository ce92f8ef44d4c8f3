//~ no method named `ilike` found
use mateo_model::columns::ID;

fn main() {
    let _ = ID.ilike("38d8*"); // 42883
}
