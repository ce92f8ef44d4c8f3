//! Keys that can't be sent, and servers that contradict themselves.

use super::*;

/// A row whose `reference_id` is this.
fn referenced(id: u32, reference: &str) -> String {
    format!(r#"{{"id":"00000000-0000-0000-0000-{id:012}","reference_id":"{reference}"}}"#)
}

#[test]
fn after_a_key_too_long_for_a_url_it_goes_on_by_offset_from_the_last_one_that_is_not() {
    let mut listing = Listing::new(ImportQuery::new().order(REFERENCE_ID.asc()).offset(3));
    assert_eq!(listing.consistency(), Consistency::ExactlyOnce);
    // Each of the 700 letters is six bytes in a URL, and the key is there twice.
    let rows = [
        referenced(1, "a"),
        referenced(2, &"ü".repeat(700)),
        referenced(3, &"ü".repeat(700)),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    listing.page_arrived(rows, Some(range(3, 3, Some(200)))).unwrap();
    assert_eq!(listing.consistency(), Consistency::ExactIfUnchanged);
    let request = listing.next_page().unwrap();
    assert_eq!(request.query.offset_given(), Some(2));
    assert!(request.query.to_string().len() < 300, "{}", request.query);
    let stored = serde_json::to_string(&listing.cursor()).unwrap();
    let query = listing.query.clone();
    let resumed = Listing::resume(query, &serde_json::from_str(&stored).unwrap()).unwrap();
    assert_eq!(resumed.next_page().unwrap().query, request.query);

    let short = referenced(4, "z");
    feed(&mut listing, &[&short], 10).unwrap();
    assert_eq!(listing.next_page().unwrap().query.offset_given(), None);
    assert_eq!(
        listing.consistency(),
        Consistency::ExactIfUnchanged,
        "one page was by offset"
    );
}

#[test]
fn a_url_that_the_server_finds_too_long_loses_its_key() {
    let mut listing = Listing::new(ImportQuery::new().order(REFERENCE_ID.asc()).offset(3));
    assert!(!listing.shorten_url(), "there is no key to leave out");
    let long = "x".repeat(900);
    let rows = [referenced(1, "a"), referenced(2, &long)];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    listing.page_arrived(rows, Some(range(3, 2, Some(200)))).unwrap();
    assert_eq!(listing.consistency(), Consistency::ExactlyOnce);
    assert!(listing.shorten_url());
    assert_eq!(listing.consistency(), Consistency::ExactIfUnchanged);
    assert_eq!(listing.next_page().unwrap().query.offset_given(), Some(5));
    // No key of that length is tried again.
    let next = [referenced(3, &long)];
    listing.page_arrived([&*next[0]], None).unwrap();
    assert_eq!(listing.next_page().unwrap().query.offset_given(), Some(6));
}

#[test]
fn a_row_without_a_readable_key_is_gone_past() {
    let mut listing = Listing::new(ImportQuery::new().order(CREATED_AT.asc()));
    let broken = [
        r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b69","created_at":"soon"}"#,
        r#"{"id":null,"created_at":"2025-01-01T00:38:00+00:00"}"#,
        r#"{"id":5}"#,
    ];
    feed(&mut listing, &[ROW, broken[0], broken[1], broken[2]], 10).unwrap();
    let next = listing.next_page().unwrap().query;
    assert_eq!(next.offset_given(), Some(3));
    assert!(
        next.to_string()
            .contains("created_at=gte.2025-01-01T00%3A37%3A00.000001%2B00%3A00"),
        "{next}"
    );
    assert_eq!(listing.consistency(), Consistency::ExactIfUnchanged);
}

#[test]
fn a_total_that_contradicts_the_rows_proves_nothing() {
    let ids: Vec<String> = (0..50).map(|id| referenced(id, "a")).collect();
    let rows: Vec<&str> = ids.iter().map(String::as_str).collect();
    for range in [
        "0-49/0", "0-49/3", "0-49/49", "0-9/50", "5-49/60", "50-99/50", "*/50", "0-50/50", "0-50/51",
        "1-50/51",
    ] {
        let mut listing = Listing::new(ImportQuery::new());
        let content_range = Some(range.parse().unwrap());
        listing.page_arrived(rows.clone(), content_range).unwrap();
        assert_eq!(
            (listing.completion(), listing.expected()),
            (None, None),
            "{range}"
        );
        assert!(
            !listing.next_page().unwrap().count,
            "{range}: it would be asked for in vain"
        );
    }
}

#[test]
fn a_page_out_of_order_is_an_error_and_changes_nothing() {
    let row = |id: u32| referenced(id, "a");
    let ids = |ids: &[u32]| ids.iter().map(|id| row(*id)).collect::<Vec<_>>();
    let page = |listing: &mut Listing, rows: &[String]| {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        listing.page_arrived(rows, None)
    };
    let out_of_order = |row| Err(ListingError::OutOfOrder { row });
    for (next, row) in [
        (ids(&[3, 4, 5]), 0),
        (ids(&[2, 4, 5]), 0),
        (ids(&[4, 4, 5]), 1),
        (ids(&[4, 6, 5]), 2),
    ] {
        let mut listing = Listing::new(ImportQuery::new());
        page(&mut listing, &ids(&[1, 2, 3])).unwrap();
        let before = listing.next_page();
        assert_eq!(page(&mut listing, &next), out_of_order(row), "{next:?}");
        assert_eq!((listing.received(), listing.next_page()), (3, before));
        page(&mut listing, &ids(&[4, 5])).unwrap();
    }

    let mut descending = Listing::new(ImportQuery::new().order(ID.desc()));
    page(&mut descending, &ids(&[9, 8])).unwrap();
    assert_eq!(page(&mut descending, &ids(&[10])), out_of_order(0));

    // Text is in the order of the database's collation; what can be told is that a row came before.
    let mut by_text = Listing::new(ImportQuery::new().order(REFERENCE_ID.asc()));
    page(
        &mut by_text,
        &[referenced(1, "b"), referenced(2, "A"), referenced(3, "c")],
    )
    .unwrap();
    assert_eq!(page(&mut by_text, &[referenced(3, "c")]), out_of_order(0));
    assert_eq!(
        page(&mut by_text, &[referenced(2, "c")]),
        out_of_order(0),
        "the same text, a lower id"
    );
    assert_eq!(
        page(&mut by_text, &[referenced(4, "C"), referenced(2, "A")]),
        out_of_order(1)
    );
    page(&mut by_text, &[referenced(4, "C"), referenced(2, "B")]).unwrap();

    let null = |id: u32| format!(r#"{{"id":"00000000-0000-0000-0000-{id:012}","reference_id":null}}"#);
    assert_eq!(
        page(&mut by_text, &[null(1), referenced(9, "x")]),
        out_of_order(1),
        "NULLs come last"
    );
    let mut nulls_first = Listing::new(ImportQuery::new().order(REFERENCE_ID.asc().nulls_first()));
    page(&mut nulls_first, &[null(1), referenced(9, "x")]).unwrap();
    assert_eq!(page(&mut nulls_first, &[null(2)]), out_of_order(0));
}

#[test]
fn a_server_that_goes_in_a_circle_is_stopped_soon() {
    let pages: Vec<String> = ["b", "c", "a", "d", "e"]
        .iter()
        .zip(1..)
        .map(|(text, id)| referenced(id, text))
        .collect();
    let mut listing = Listing::new(ImportQuery::new().order(REFERENCE_ID.asc()));
    let mut circle = pages.iter().cycle();
    let stuck = (1..100).find(|_| {
        let rows = vec![circle.next().unwrap().as_str()];
        listing.page_arrived(rows, None) == Err(ListingError::Stuck)
    });
    assert_eq!(stuck, Some(13));
}

#[test]
fn rows_that_were_counted_and_not_sent_are_an_error() {
    let mut listing = Listing::new(ImportQuery::new());
    assert_eq!(
        listing.page_arrived([], Some(range(0, 0, Some(7)))),
        Err(ListingError::Withheld { left: 7 })
    );
    assert_eq!((listing.received(), listing.completion()), (0, None));
}

#[test]
fn a_value_under_the_name_of_a_key_column_is_not_taken_for_it() {
    let query = ImportQuery::new()
        .select(
            Select::all()
                .and(SelectItem::star())
                .and(UPDATED_AT.alias("created_at")),
        )
        .order(CREATED_AT.asc());
    let request = Listing::new(query).next_page().unwrap().query.to_string();
    assert_eq!(
        request,
        "select=*,created_at:updated_at,key_0:created_at&order=created_at,id&limit=50"
    );
}

#[test]
fn one_row_is_not_counted() {
    assert!(
        !Listing::new(ImportQuery::new().limit(1))
            .next_page()
            .unwrap()
            .count
    );
    assert!(
        Listing::new(ImportQuery::new().limit(2))
            .next_page()
            .unwrap()
            .count
    );
}

#[test]
fn a_listing_resumed_before_it_was_counted_is_counted() {
    let cursor = Listing::new(ImportQuery::new()).cursor_within([ROW]);
    assert_eq!((cursor.received, cursor.expected), (1, None));
    let resumed = Listing::resume(ImportQuery::new(), &cursor).unwrap();
    assert!(resumed.next_page().unwrap().count);
}

#[test]
fn a_short_page_teaches_a_smaller_cap_and_the_next_is_counted() {
    let ids: Vec<String> = (0..17).map(|id| referenced(id, "a")).collect();
    let rows: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut listing = Listing::new(ImportQuery::new());
    feed(&mut listing, &rows, 136).unwrap();
    assert_eq!(listing.requests_left(), Some(8));
    assert!(listing.next_page().unwrap().count);
}

#[test]
fn pages_by_offset_may_repeat_rows() {
    let long = |id, letter: &str| referenced(id, &letter.repeat(5_000));
    let mut listing = Listing::new(ImportQuery::new().order(REFERENCE_ID.asc()));
    let first = [referenced(1, "a"), long(2, "b"), long(3, "c")];
    feed(&mut listing, &first.each_ref().map(String::as_str), 10).unwrap();
    // A row was inserted before them meanwhile.
    let second = [long(3, "c"), long(4, "d")];
    let range = range(2, 2, Some(13));
    listing
        .page_arrived(second.iter().map(String::as_str), Some(range))
        .unwrap();
    assert_eq!(listing.consistency(), Consistency::ExactIfUnchanged);
}

#[test]
fn a_row_that_comes_twice_in_a_page_is_found_wherever_it_stands() {
    let mut listing = Listing::new(ImportQuery::new().order(REFERENCE_ID.asc()));
    let rows = [referenced(1, "b"), referenced(2, "A"), referenced(1, "b")];
    assert_eq!(
        feed(&mut listing, &rows.each_ref().map(String::as_str), 10),
        Err(ListingError::OutOfOrder { row: 2 })
    );
}

#[test]
fn infinity_is_a_time_like_any_other() {
    let row =
        |id: u32, at: &str| format!(r#"{{"id":"00000000-0000-0000-0000-{id:012}","updated_at":"{at}"}}"#);
    let mut listing = Listing::new(ImportQuery::new().order(UPDATED_AT.asc()));
    let rows = [
        row(3, "-infinity"),
        row(2, "2025-01-01T00:00:00+00:00"),
        row(1, "infinity"),
    ];
    feed(&mut listing, &rows.each_ref().map(String::as_str), 10).unwrap();
    let next = listing.next_page().unwrap().query;
    assert!(next.to_string().starts_with("updated_at=gte.infinity&"), "{next}");
    assert_eq!(next.offset_given(), None);
    let before = row(9, "2026-01-01T00:00:00+00:00");
    assert_eq!(
        feed(&mut listing, &[&before], 10),
        Err(ListingError::OutOfOrder { row: 0 })
    );
}
