//~ a column of `mateo_model::uuid::Uuid` can't be compared with `str`
use mateo_model::columns::ID;

fn main() {
    let _ = ID.eq("x"); // 22P02
}
