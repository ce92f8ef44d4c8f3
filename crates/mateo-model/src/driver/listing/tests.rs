use crate::ast::filter::Node;
use crate::ast::test::Test;
use crate::columns::*;
use crate::driver::{Completion, Consistency, CursorError, Listing, ListingCursor, ListingError};
use crate::{ContentRange, ImportQuery, Range, RawJson, Select, SelectItem};

const ROW: &str = r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","created_at":"2025-01-01T00:37:00.000001+00:00","reference_id":null,"total_count":7,"key_0":"{\"a\": 1}"}"#;

/// A server with rows whose ids are the numbers below `n`, asked for in the order of their ids.
struct Server {
    rows: u64,
    cap: u64,
    counts: bool,
    requests: u64,
}

impl Server {
    /// Answers as the real one: cut to the cap, counted where asked.
    fn answer(&mut self, listing: &mut Listing) -> u64 {
        self.requests += 1;
        let request = listing.next_page().unwrap();
        let after = request
            .query
            .filters()
            .iter()
            .find_map(|filter| match filter.node() {
                Node::Condition {
                    test: Test::Compare { value, .. },
                    ..
                } => Some(u64::from_str_radix(&value[24..], 16).unwrap() + 1),
                _ => None,
            });
        let first = after.unwrap_or(0) + u64::try_from(request.query.offset_given().unwrap_or(0)).unwrap();
        let rows = request.rows.min(self.cap).min(self.rows.saturating_sub(first));
        let texts: Vec<String> = (first..first + rows)
            .map(|number| format!(r#"{{"id":"00000000-0000-0000-0000-{number:012x}"}}"#))
            .collect();
        let total = (request.count && self.counts).then(|| self.rows - after.unwrap_or(0).min(self.rows));
        let skipped = first - after.unwrap_or(0);
        listing
            .page_arrived(
                texts.iter().map(String::as_str),
                Some(range(skipped, rows, total)),
            )
            .unwrap();
        rows
    }
}

/// The `Content-Range` of so many rows after `skipped` others.
fn range(skipped: u64, rows: u64, total: Option<u64>) -> ContentRange {
    let total = total.map_or("*".to_owned(), |total| total.to_string());
    let range = match rows.checked_sub(1) {
        Some(last) => format!("{skipped}-{}/{total}", skipped + last),
        None => format!("*/{total}"),
    };
    range.parse().unwrap()
}

/// A page of these rows, of which `left` more follow.
fn feed(listing: &mut Listing, rows: &[&str], left: u64) -> Result<(), ListingError> {
    let count = rows.len() as u64;
    listing.page_arrived(rows.iter().copied(), Some(range(0, count, Some(count + left))))
}

fn read_all(rows: u64, cap: u64, counts: bool) -> (u64, u64, Completion) {
    let mut server = Server {
        rows,
        cap,
        counts,
        requests: 0,
    };
    let mut listing = Listing::new(ImportQuery::new());
    while listing.completion().is_none() {
        server.answer(&mut listing);
    }
    (listing.received(), server.requests, listing.completion().unwrap())
}

#[test]
fn n_rows_cost_as_many_requests_as_they_fill_pages() {
    for cap in [50, 17] {
        for rows in [0, 1, 16, 17, 18, 34, 49, 50, 51, 100, 240, 1_000, 12_345] {
            let (received, requests, _) = read_all(rows, cap, true);
            assert_eq!(
                (received, requests),
                (rows, rows.div_ceil(cap).max(1)),
                "{rows} rows, cap {cap}"
            );
        }
    }
}

#[test]
fn without_a_count_an_empty_page_proves_the_end() {
    for rows in [0, 1, 49, 50, 51, 240] {
        let (received, requests, proof) = read_all(rows, 50, false);
        assert_eq!((received, proof), (rows, Completion::Empty));
        assert_eq!(requests, rows.div_ceil(50) + 1);
    }
}

#[test]
fn a_cap_lowered_on_the_way_loses_nothing() {
    let mut server = Server {
        rows: 240,
        cap: 50,
        counts: true,
        requests: 0,
    };
    let mut listing = Listing::new(ImportQuery::new());
    server.answer(&mut listing);
    server.cap = 7;
    while listing.completion().is_none() {
        server.answer(&mut listing);
    }
    assert_eq!(
        (listing.received(), listing.completion()),
        (240, Some(Completion::Counted))
    );
}

#[test]
fn a_short_page_is_no_end_even_if_as_many_came_as_were_counted() {
    // 60 counted; 40 more came while the first page was read, and then the cap was lowered.
    let mut server = Server {
        rows: 60,
        cap: 50,
        counts: true,
        requests: 0,
    };
    let mut listing = Listing::new(ImportQuery::new());
    server.answer(&mut listing);
    server.rows = 100;
    server.cap = 17;
    while listing.completion().is_none() {
        server.answer(&mut listing);
    }
    assert_eq!(listing.received(), 100);
}

#[test]
fn limit_and_offset_bound_the_listing_not_the_page() {
    let query = ImportQuery::new().limit(120).offset(30);
    let mut server = Server {
        rows: 240,
        cap: 50,
        counts: true,
        requests: 0,
    };
    let mut listing = Listing::new(query);
    let mut pages = Vec::new();
    while listing.completion().is_none() {
        pages.push(server.answer(&mut listing));
    }
    assert_eq!(
        (pages.as_slice(), listing.completion()),
        ([50, 50, 20].as_slice(), Some(Completion::Limit))
    );
    assert_eq!(listing.expected(), Some(120));

    let range = Listing::new(ImportQuery::new().range(Range::new(30, Some(149)).unwrap()));
    assert_eq!(range.query, ImportQuery::new().limit(120).offset(30));
    assert_eq!(
        Listing::new(ImportQuery::new().limit(0)).completion(),
        Some(Completion::Limit)
    );
}

fn second_page(query: ImportQuery) -> String {
    let mut listing = Listing::new(query);
    feed(&mut listing, &[ROW], 239).unwrap();
    let query = listing.next_page().unwrap().query;
    let filters: Vec<String> = query.filters().iter().map(ToString::to_string).collect();
    filters.join(" & ")
}

#[test]
fn the_next_page_starts_behind_the_last_row_and_minds_nulls() {
    let id = "38d889d2-b47a-4c1d-8a3a-b343ac333b68";
    assert_eq!(second_page(ImportQuery::new()), format!("id.gt.\"{id}\""));
    assert_eq!(
        second_page(ImportQuery::new().order(ID.desc()).order(TYPE.asc())),
        format!("id.lt.\"{id}\"")
    );
    assert_eq!(
        second_page(ImportQuery::new().order(TOTAL_COUNT.asc())),
        format!(r#"or(total_count.gt."7",total_count.is.null,and(total_count.eq."7",id.gt."{id}"))"#)
    );
    assert_eq!(
        second_page(ImportQuery::new().order(TOTAL_COUNT.desc())),
        format!(r#"or(total_count.lt."7",and(total_count.eq."7",id.gt."{id}"))"#)
    );
    assert_eq!(
        second_page(ImportQuery::new().order(REFERENCE_ID.asc())),
        format!(r#"and(reference_id.is.null,id.gt."{id}")"#)
    );
    assert_eq!(
        second_page(ImportQuery::new().order(REFERENCE_ID.desc()).order(ID.desc())),
        format!(r#"or(reference_id.not.is.null,and(reference_id.is.null,id.lt."{id}"))"#)
    );
    assert_eq!(
        second_page(ImportQuery::new().order(PAYLOAD.asc().nulls_first())),
        format!(r#"or(payload.gt."{{\"a\": 1}}",and(payload.eq."{{\"a\": 1}}",id.gt."{id}"))"#)
    );
}

#[test]
fn columns_that_only_the_key_needs_are_selected_and_taken_out_again() {
    let query = ImportQuery::new()
        .select(Select::all().and(TYPE).and(ID.alias("key_0")))
        .order(CREATED_AT.desc());
    let listing = Listing::new(query);
    let request = listing.next_page().unwrap();
    assert_eq!(
        request.query.to_string(),
        "select=type,key_0:id,_key_0:created_at,key_1:id&order=created_at.desc,id&limit=50"
    );
    let body = br#"[{"type":"deal_details", "key_0":"x", "_key_0": "t", "key_1": "x"},
        null, {"type":"deal_details","key_0":"y","_key_0":"t","key_1":"y"}]"#;
    let page = request.read::<RawJson>(body).unwrap();
    let rows: Vec<_> = page.rows.iter().map(RawJson::as_str).collect();
    assert_eq!(
        rows,
        [
            r#"{"type":"deal_details","key_0":"x"}"#,
            "null",
            r#"{"type":"deal_details","key_0":"y"}"#
        ]
    );
    let texts: Vec<_> = page.texts(body).collect();
    assert_eq!(texts.len(), 3);
    assert_eq!(
        texts[2],
        r#"{"type":"deal_details","key_0":"y","_key_0":"t","key_1":"y"}"#
    );

    let all = Listing::new(ImportQuery::new().order(PAYLOAD.text("source").asc()));
    let request = all.next_page().unwrap().query.to_string();
    assert_eq!(
        request,
        "select=*,key_0:payload-%3E%3Esource&order=payload-%3E%3Esource,id&limit=50"
    );
    let plain = Listing::new(ImportQuery::new().order(CREATED_AT.desc()));
    assert!(plain.next_page().unwrap().added.is_empty());
}

#[test]
fn a_cursor_resumes_its_own_query_and_no_other() {
    let query = ImportQuery::new().order(CREATED_AT.desc()).limit(100);
    let mut listing = Listing::new(query.clone());
    feed(&mut listing, &[ROW], 239).unwrap();
    let stored = serde_json::to_string(&listing.cursor()).unwrap();
    insta::assert_snapshot!(stored, @r#"{"version":1,"query":"order=created_at.desc&limit=100","after":["2025-01-01T00:37:00.000001+00:00","38d889d2-b47a-4c1d-8a3a-b343ac333b68"],"received":1,"expected":240}"#);
    let cursor: ListingCursor = serde_json::from_str(&stored).unwrap();
    let resumed = Listing::resume(query, &cursor).unwrap();
    assert_eq!(
        resumed.next_page().unwrap().query,
        listing.next_page().unwrap().query
    );

    let other = Listing::resume(ImportQuery::new(), &cursor).unwrap_err();
    assert!(matches!(other, CursorError::OtherQuery { .. }));
    let later: ListingCursor =
        serde_json::from_str(&stored.replace("\"version\":1", "\"version\":2")).unwrap();
    assert_eq!(
        Listing::resume(ImportQuery::new(), &later).unwrap_err(),
        CursorError::Version { version: 2 }
    );
}

mod hostile;
