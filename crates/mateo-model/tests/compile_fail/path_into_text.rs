//~ no method named `json` found for struct `Column<String>`
use mateo_model::columns::PAYLOAD;

fn main() {
    let _ = PAYLOAD.text("a").json("b"); // `->>` is text, and text has no members
}
