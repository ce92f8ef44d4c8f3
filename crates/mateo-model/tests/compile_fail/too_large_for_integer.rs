//~ literal out of range for `i32`
use mateo_model::columns::FAILED_COUNT;

fn main() {
    let _ = FAILED_COUNT.gt(3_000_000_000); // 22003
}
