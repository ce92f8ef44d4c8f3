//! Any bytes as a page: an array of rows is read or refused as serde_json reads or refuses it, and every good
//! row writes back to the JSON it came from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mateo_model::{Import, Page};
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let page = Page::<Import>::read(body);
    let values = serde_json::from_slice::<Vec<Value>>(body);
    let (page, values) = match (page, values) {
        (Ok(page), Ok(values)) => (page, values),
        // A number that no f64 holds, or a very deep value, stays unread text for the one and is refused by the other.
        (Ok(_), Err(_)) | (Err(_), Err(_)) => return,
        (Err(refused), Ok(_)) => panic!("serde_json reads it, the page does not: {refused}"),
    };
    assert_eq!(page.len(), values.len());
    for (result, value) in page.into_results().zip(&values) {
        match result {
            Ok(import) => {
                let written = serde_json::to_string(&import).expect("a row that was read can be written");
                let again: Import = serde_json::from_str(&written).expect("a written row can be read");
                assert_eq!(again, import);
                assert_eq!(
                    serde_json::to_string(&again).expect("it can be written again"),
                    written
                );
                let back: Value = serde_json::from_str(&written).expect("a written row is JSON");
                assert_eq!(in_one_spelling(&back), in_one_spelling(value));
            }
            Err(bad) => assert!(!bad.to_string().is_empty()),
        }
    }
});

/// A row without the columns that are read in several spellings (an offset, a capital in a uuid) and written in one.
fn in_one_spelling(row: &Value) -> Value {
    let mut row = row.clone();
    for column in [
        "id",
        "created_at",
        "updated_at",
        "organisation_id",
        "contact_list_id",
    ] {
        row.as_object_mut().and_then(|row| row.remove(column));
    }
    row
}
