//~ no method named `like` found for struct `Column<mateo_model::ImportType>`
use mateo_model::columns::TYPE;

fn main() {
    let _ = TYPE.like("contact*"); // 42883
}
