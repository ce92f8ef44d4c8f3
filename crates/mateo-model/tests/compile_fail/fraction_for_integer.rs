//~ a column of `i32` can't be compared with
use mateo_model::columns::FAILED_COUNT;

fn main() {
    let _ = FAILED_COUNT.gt(0.5); // 22P02
}
