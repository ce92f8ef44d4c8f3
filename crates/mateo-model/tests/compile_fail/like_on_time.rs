//~ no method named `starts_with` found
use mateo_model::columns::CREATED_AT;

fn main() {
    let _ = CREATED_AT.starts_with("2025"); // 42883
}
