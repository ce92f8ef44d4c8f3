//~ no method named `like` found for struct `Column<i32>`
use mateo_model::columns::TOTAL_COUNT;

fn main() {
    let _ = TOTAL_COUNT.like("1*"); // 42883 on the server
}
