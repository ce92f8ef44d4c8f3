//~ a column of `mateo_model::ImportType` can't be compared with `str`
use mateo_model::columns::TYPE;

fn main() {
    let _ = TYPE.eq("contacts"); // 22P02
}
