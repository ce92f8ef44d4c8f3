//! Any text as a query string: it is read or refused, and what was read is written back as the same query.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mateo_model::ImportQuery;

fuzz_target!(|text: &str| {
    let query = match ImportQuery::parse(text) {
        Ok(query) => query,
        Err(refused) => {
            assert!(!refused.to_string().is_empty());
            return;
        }
    };
    // What the server reads and the one safe form can't say (a literal `*` in a pattern) is refused, not changed.
    let Ok(written) = query.to_query_string() else {
        return;
    };
    assert_eq!(
        ImportQuery::parse(&written).as_ref(),
        Ok(&query),
        "written as {written}"
    );
});
