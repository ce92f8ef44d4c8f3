use chrono::TimeDelta;

use crate::{Changes, ChangesCursor, ChangesError, CursorError, ImportQuery, Listing, columns::*};

fn row(id: u32, second: u32) -> String {
    format!(
        r#"{{"id":"00000000-0000-0000-0000-{id:012}","updated_at":"2025-01-01T00:00:{second:02}.5+00:00"}}"#
    )
}

fn follow(cursor: ChangesCursor) -> Changes {
    Changes::new(ImportQuery::new(), cursor, TimeDelta::seconds(10)).unwrap()
}

/// The rows of a pass that are told as new.
fn new_of(changes: &mut Changes, rows: &[String]) -> Vec<usize> {
    let pass = changes.pass();
    (0..rows.len())
        .filter(|index| changes.is_new(&pass, &rows[*index]).unwrap())
        .collect()
}

fn filters(pass: &Listing) -> String {
    pass.query().filters().iter().map(ToString::to_string).collect()
}

#[test]
fn a_row_is_told_once_until_it_changes() {
    let mut changes = follow(ChangesCursor::beginning());
    assert_eq!(new_of(&mut changes, &[row(1, 1), row(2, 1), row(1, 1)]), [0, 1]);
    assert_eq!(new_of(&mut changes, &[row(1, 1), row(2, 1)]), [] as [usize; 0]);
    assert_eq!(new_of(&mut changes, &[row(2, 1), row(1, 2)]), [1]);
}

#[test]
fn a_row_that_becomes_visible_late_is_told_and_does_not_take_the_cursor_back() {
    let mut changes = follow(ChangesCursor::beginning());
    new_of(&mut changes, &[row(1, 20)]);
    assert_eq!(
        filters(&changes.pass()),
        r#"updated_at.gte."2025-01-01T00:00:10.500Z""#
    );
    assert_eq!(new_of(&mut changes, &[row(2, 12), row(1, 20)]), [0]);
    assert_eq!(
        filters(&changes.pass()),
        r#"updated_at.gte."2025-01-01T00:00:10.500Z""#
    );
}

#[test]
fn a_saved_cursor_goes_on_without_giving_again_what_was_given() {
    let mut changes = follow(ChangesCursor::beginning());
    new_of(&mut changes, &[row(1, 1), row(2, 20)]);
    let stored = serde_json::to_string(changes.cursor()).unwrap();
    insta::assert_snapshot!(stored, @r#"{"version":1,"query":"","updated_at":"2025-01-01T00:00:20.500Z","given":[["00000000-0000-0000-0000-000000000002","2025-01-01T00:00:20.5+00:00"]]}"#);
    let mut resumed = follow(serde_json::from_str(&stored).unwrap());
    assert_eq!(
        new_of(&mut resumed, &[row(3, 15), row(2, 20), row(4, 21)]),
        [0, 2]
    );
}

#[test]
fn a_cursor_stays_small_and_forgets_the_oldest_first() {
    let mut changes = follow(ChangesCursor::beginning());
    let rows: Vec<String> = (0..1_000).map(|id| row(id, 1)).collect();
    assert_eq!(new_of(&mut changes, &rows).len(), 1_000);
    assert_eq!(
        new_of(&mut changes, &rows).len(),
        0,
        "within a run nothing is given twice"
    );
    let mut resumed = follow(changes.cursor().clone());
    assert_eq!(
        new_of(&mut resumed, &rows).len(),
        800,
        "across runs at least once"
    );
}

#[test]
fn a_row_dated_in_the_future_hides_nothing() {
    let mut changes = follow(ChangesCursor::beginning());
    changes.server_time("2025-01-01T00:00:30Z".parse().unwrap());
    new_of(&mut changes, &[row(1, 59)]);
    assert_eq!(
        filters(&changes.pass()),
        r#"updated_at.gte."2025-01-01T00:00:20Z""#
    );
    assert_eq!(new_of(&mut changes, &[row(2, 31), row(1, 59)]), [0]);
}

#[test]
fn a_query_with_a_shape_or_another_cursor_is_refused() {
    let refused = |query: ImportQuery, cursor| Changes::new(query, cursor, TimeDelta::zero()).unwrap_err();
    let beginning = ChangesCursor::beginning;
    assert_eq!(
        refused(ImportQuery::new().order(ID.asc()), beginning()),
        ChangesError::Shaped("the order")
    );
    assert_eq!(
        refused(ImportQuery::new().limit(5), beginning()),
        ChangesError::Shaped("the limit")
    );
    let cursor = follow(beginning()).cursor().clone();
    assert!(matches!(
        refused(ImportQuery::new().filter(FAILED_COUNT.gt(0)), cursor),
        ChangesError::Cursor(CursorError::OtherQuery { .. })
    ));
}
