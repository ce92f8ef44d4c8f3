//! What the unit tests share: a page of the server, and properties that Miri can afford.

use proptest::test_runner::Config;

/// 50 rows as the server sends them.
const PAGE: &str = include_str!("../tests/data/page.json");

/// How many rows [`page`] has.
pub(crate) const ROWS: usize = if cfg!(miri) { 4 } else { 50 };

/// A page as the server sends it. Miri is a thousand times slower and gets the first rows only.
pub(crate) fn page() -> String {
    let end = PAGE
        .match_indices("}, \n {")
        .nth(ROWS - 1)
        .map_or(PAGE.len() - 1, |(end, _)| end + 1);
    format!("{}]", &PAGE[..end])
}

/// A property's settings: so many cases, two under Miri, and no file to remember failures in.
pub(crate) fn cases(cases: u32) -> Config {
    Config {
        failure_persistence: None,
        ..Config::with_cases(if cfg!(miri) { 2 } else { cases })
    }
}

#[test]
fn the_page_has_its_rows() {
    assert_eq!(
        serde_json::from_str::<Vec<serde_json::Value>>(&page())
            .unwrap()
            .len(),
        ROWS
    );
    assert!(cfg!(miri) || page() == PAGE);
}
