use chrono::{DateTime, TimeDelta, Utc};

use crate::ImportQuery;
use crate::columns::*;
use crate::driver::{Changes, ChangesCursor, ChangesError, CursorError, Listing, RequestTime};

const OVERLAP: i64 = 10;

/// Seconds from the start of the year.
fn at(second: i64) -> DateTime<Utc> {
    "2025-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second)
}

fn row(id: u32, second: u32) -> String {
    dated(
        id,
        &format!("2025-01-01T00:{:02}:{:02}.5+00:00", second / 60, second % 60),
    )
}

fn dated(id: u32, updated_at: &str) -> String {
    format!(r#"{{"id":"00000000-0000-0000-0000-{id:012}","updated_at":"{updated_at}"}}"#)
}

fn follow(cursor: ChangesCursor) -> Changes {
    Changes::new(ImportQuery::new(), cursor, TimeDelta::seconds(OVERLAP)).unwrap()
}

/// A request sent at this second of both clocks, answered at once: the server's time is known to be a second less.
fn sent(second: i64) -> RequestTime {
    RequestTime {
        sent: at(second),
        took: TimeDelta::zero(),
        date: Some(at(second)),
    }
}

fn without_date(second: i64) -> RequestTime {
    RequestTime {
        date: None,
        ..sent(second)
    }
}

/// Gives a page to the pass, of which `left` rows are still to come, and says which rows are new.
fn page(
    changes: &mut Changes,
    pass: &mut Listing,
    rows: &[String],
    left: u64,
    time: RequestTime,
) -> Vec<(usize, ChangesCursor)> {
    pass.page_arrived(
        rows.iter().map(String::as_str),
        match rows.len() {
            0 => format!("*/{left}"),
            count => format!("0-{}/{}", count - 1, count as u64 + left),
        }
        .parse()
        .ok(),
    )
    .unwrap();
    let cursors = changes.page_arrived(pass, rows.iter().map(String::as_str), time);
    assert_eq!(cursors.len(), rows.len());
    cursors
        .into_iter()
        .enumerate()
        .filter_map(|(index, cursor)| Some((index, cursor?)))
        .collect()
}

/// A pass of one page: the indices of its new rows.
fn pass(changes: &mut Changes, rows: &[String], time: RequestTime) -> Vec<usize> {
    let mut pass = changes.begin_pass();
    page(changes, &mut pass, rows, 0, time)
        .into_iter()
        .map(|(index, _)| index)
        .collect()
}

/// Where the next pass begins.
fn floor(changes: &Changes) -> String {
    let first = changes.begin_pass().next_page().unwrap().query;
    first.filters().iter().map(ToString::to_string).collect()
}

fn gte(second: i64) -> String {
    let time = at(second).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    format!(r#"updated_at.gte."{time}""#)
}

#[test]
fn a_row_is_yielded_once_until_it_changes() {
    let mut changes = follow(ChangesCursor::beginning());
    assert_eq!(pass(&mut changes, &[row(1, 1), row(2, 1)], sent(2)), [0, 1]);
    assert_eq!(
        pass(&mut changes, &[row(1, 1), row(2, 1)], sent(3)),
        [] as [usize; 0]
    );
    assert_eq!(pass(&mut changes, &[row(2, 1), row(1, 2)], sent(4)), [1]);
}

#[test]
fn the_next_pass_begins_where_the_last_complete_one_began_however_long_that_took_and_whatever_it_read() {
    let mut changes = follow(ChangesCursor::beginning());
    let mut first = changes.begin_pass();
    page(&mut changes, &mut first, &[row(1, 20)], 1, sent(21));
    // The second page took an hour, and brought what happened meanwhile.
    page(&mut changes, &mut first, &[row(2, 3_000)], 0, sent(3_621));
    assert_eq!(changes.cursor().watermark(), Some(at(20)));
    assert_eq!(floor(&changes), gte(10));
    // A row of the time before became visible while the first page was read.
    assert_eq!(
        pass(
            &mut changes,
            &[row(3, 12), row(1, 20), row(2, 3_000)],
            sent(3_700)
        ),
        [0]
    );
    assert_eq!(floor(&changes), gte(3_689));
}

#[test]
fn the_round_trip_counts_as_passed_before_the_server_read() {
    let mut changes = follow(ChangesCursor::beginning());
    let slow = RequestTime {
        took: TimeDelta::milliseconds(2_500),
        ..sent(60)
    };
    pass(&mut changes, &[], slow);
    assert_eq!(
        changes.cursor().watermark(),
        Some(at(56) + TimeDelta::milliseconds(500))
    );
}

#[test]
fn without_a_date_the_callers_clock_counts_less_the_skew() {
    let mut changes = follow(ChangesCursor::beginning());
    pass(&mut changes, &[], without_date(600));
    assert_eq!(changes.cursor().watermark(), Some(at(600) - Changes::CLOCK_SKEW));
    // One response without a `Date` doesn't take the watermark back.
    pass(&mut changes, &[], sent(700));
    pass(&mut changes, &[], without_date(705));
    assert_eq!(changes.cursor().watermark(), Some(at(699)));
}

#[test]
fn a_run_goes_on_within_the_pass_that_the_cursor_is_in() {
    let mut changes = follow(ChangesCursor::since(at(0)));
    let mut first = changes.begin_pass();
    let new = page(
        &mut changes,
        &mut first,
        &[row(1, 1), row(2, 95), row(3, 96)],
        5,
        sent(100),
    );
    let saved = serde_json::to_string(&new[1].1).unwrap();
    insta::assert_snapshot!(saved, @r#"{"version":2,"query":"","watermark":"2025-01-01T00:00:00Z","pass":{"watermark":"2025-01-01T00:01:39Z","sent":"2025-01-01T00:01:40Z","after":["2025-01-01T00:01:35.5+00:00","00000000-0000-0000-0000-000000000002"]},"yielded":{"2025-01-01T00:01:35.5+00:00":["00000000-0000-0000-0000-000000000002"]}}"#);

    let mut resumed = follow(serde_json::from_str(&saved).unwrap());
    let mut rest = resumed.begin_pass();
    assert_eq!(
        rest.next_page()
            .unwrap()
            .query
            .filters()
            .last()
            .unwrap()
            .to_string(),
        r#"or(updated_at.gt."2025-01-01T00:01:35.5+00:00",and(updated_at.eq."2025-01-01T00:01:35.5+00:00",id.gt."00000000-0000-0000-0000-000000000002"))"#
    );
    page(&mut resumed, &mut rest, &[row(3, 96)], 0, sent(5_000));
    // The pass began when its first page was read, not when this run did.
    assert_eq!(resumed.cursor().watermark(), Some(at(99)));
    assert_eq!(floor(&resumed), gte(89));
    assert_eq!(
        pass(&mut resumed, &[row(2, 95), row(3, 96), row(4, 97)], sent(5_100)),
        [2]
    );
}

#[test]
fn the_cursor_after_the_last_new_row_of_a_pass_is_the_one_after_the_pass() {
    let mut changes = follow(ChangesCursor::beginning());
    pass(&mut changes, &[row(1, 9)], sent(10));
    let mut second = changes.begin_pass();
    let rows = [row(2, 8), row(3, 8), row(1, 9)];
    let new = page(&mut changes, &mut second, &rows, 0, sent(20));
    assert_eq!(new.len(), 2);
    assert_ne!(&new[0].1, changes.cursor());
    assert_eq!(&new[1].1, changes.cursor());
    assert_eq!(new[1].1.watermark(), Some(at(19)));
}

#[test]
fn what_the_next_pass_cannot_meet_is_forgotten_and_all_else_remembered() {
    let bulk: Vec<String> = (0..3_000).map(|id| row(id, 100)).collect();
    let mut changes = follow(ChangesCursor::beginning());
    let old: Vec<String> = (5_000..5_050).map(|id| row(id, 1)).collect();
    let mut first = changes.begin_pass();
    assert_eq!(page(&mut changes, &mut first, &old, 3_000, sent(101)).len(), 50);
    for (index, rows) in bulk.chunks(50).enumerate() {
        let left = 3_000 - 50 * (index as u64 + 1);
        assert_eq!(page(&mut changes, &mut first, rows, left, sent(102)).len(), 50);
    }
    assert_eq!(
        changes.yielded.len(),
        3_000,
        "those of the first page are never met again"
    );
    let mut next_run = follow(changes.cursor().clone());
    assert_eq!(
        pass(&mut next_run, &bulk, sent(105)).len(),
        0,
        "nor does the next run repeat any"
    );
    pass(&mut next_run, &[], sent(200));
    assert_eq!(next_run.yielded.len(), 0);
    assert_eq!(
        serde_json::to_string(next_run.cursor()).unwrap().len(),
        serde_json::to_string(&follow(ChangesCursor::beginning()).cursor())
            .unwrap()
            .len()
            + r#","watermark":"2025-01-01T00:03:19Z","sent":"2025-01-01T00:03:20Z""#.len()
    );
}

#[test]
fn the_cursors_of_a_page_share_what_is_remembered() {
    let mut changes = follow(ChangesCursor::beginning());
    let mut first = changes.begin_pass();
    let bulk: Vec<String> = (0..1_000).map(|id| row(id, 100)).collect();
    page(&mut changes, &mut first, &bulk, 50, sent(101));
    let state = std::sync::Arc::downgrade(&changes.cursor().state().yielded.0[0]);
    let before = state.strong_count();
    let next: Vec<String> = (1_000..1_050).map(|id| row(id, 100)).collect();
    let cursors = page(&mut changes, &mut first, &next, 1, sent(102));
    assert_eq!(cursors.len(), 50);
    // The page before, this page's rows, and the driver.
    assert!(state.strong_count() <= before + 2, "{}", state.strong_count());
}

#[test]
fn a_row_dated_in_the_future_hides_nothing_and_comes_once() {
    let mut changes = follow(ChangesCursor::beginning());
    let future = dated(1, "2999-01-01T00:00:00+00:00");
    let infinite = dated(2, "infinity");
    let both = [future.clone(), infinite.clone()];
    assert_eq!(pass(&mut changes, &both, sent(30)), [0, 1]);
    assert_eq!(floor(&changes), gte(19));
    assert_eq!(pass(&mut changes, &[row(3, 31), future, infinite], sent(40)), [0]);
    assert_eq!(changes.yielded.len(), 3);
    assert_eq!(pass(&mut changes, &both, sent(400)), [] as [usize; 0]);
    assert_eq!(changes.yielded.len(), 2, "these two are met by every pass");
}

#[test]
fn a_row_dated_before_all_times_is_not_remembered_for_ever() {
    let mut changes = follow(ChangesCursor::beginning());
    let rows = [dated(1, "-infinity"), dated(2, "0044-03-15T12:00:00+00:00 BC")];
    assert_eq!(pass(&mut changes, &rows, sent(30)), [0, 1]);
    assert_eq!(changes.yielded.len(), 0);
}

#[test]
fn a_cursor_in_the_future_follows_from_now_on() {
    let mut changes = follow(ChangesCursor::since(at(1_000_000)));
    pass(&mut changes, &[], sent(100));
    assert_eq!(floor(&changes), gte(89));
}

#[test]
fn a_server_clock_that_is_set_back_loses_nothing() {
    let mut changes = follow(ChangesCursor::beginning());
    pass(&mut changes, &[], sent(10_000));
    // An hour is taken from the server's clock at once. What is written 5 s later is dated an hour ago.
    let written = row(1, 10_005 - 3_600);
    let set_back = |second: i64| RequestTime {
        date: Some(at(second - 3_600)),
        ..sent(second)
    };
    assert_eq!(pass(&mut changes, &[], set_back(10_120)), [] as [usize; 0]);
    let time: DateTime<Utc> = "2025-01-01T01:46:45.5Z".parse().unwrap();
    assert!(changes.cursor().watermark().unwrap() - TimeDelta::seconds(OVERLAP) < time);
    assert_eq!(
        pass(&mut changes, std::slice::from_ref(&written), set_back(10_240)),
        [0]
    );
    assert_eq!(pass(&mut changes, &[written], set_back(10_360)), [] as [usize; 0]);
    assert_eq!(
        changes.cursor().watermark(),
        Some(at(10_359 - 3_600)),
        "from then on it is the new clock"
    );
}

#[test]
fn a_server_clock_that_was_wrong_for_one_pass_loses_nothing() {
    let mut changes = follow(ChangesCursor::beginning());
    pass(&mut changes, &[], sent(1_000));
    let ahead = RequestTime {
        date: Some(at(1_005 + 86_400)),
        ..sent(1_005)
    };
    pass(&mut changes, &[], ahead);
    let saved = serde_json::to_string(changes.cursor()).unwrap();
    // In the same run, and in another one a quarter of an hour later.
    let mut next_run = follow(serde_json::from_str(&saved).unwrap());
    for (changes, second) in [(&mut changes, 1_010), (&mut next_run, 1_900)] {
        pass(changes, &[], sent(second));
        assert_eq!(changes.cursor().watermark(), Some(at(1_004)));
    }
}

#[test]
fn a_row_without_its_key_is_yielded_once_and_does_not_move_the_cursor() {
    let mut changes = follow(ChangesCursor::beginning());
    let broken = r#"{"id":null,"updated_at":5}"#.to_owned();
    let rows = [row(1, 95), broken, row(2, 96)];
    let mut first = changes.begin_pass();
    let new = page(&mut changes, &mut first, &rows, 1, sent(100));
    assert_eq!(new.len(), 3);
    assert_eq!(
        serde_json::to_value(&new[1].1).unwrap()["pass"],
        serde_json::to_value(&new[0].1).unwrap()["pass"]
    );
    page(&mut changes, &mut first, &[row(3, 97)], 0, sent(101));
    assert_eq!(pass(&mut changes, &rows, sent(102)), [] as [usize; 0]);
}

#[test]
fn an_overlap_of_any_length_is_one() {
    for (overlap, filters) in [(TimeDelta::MAX, 0), (TimeDelta::MIN, 1)] {
        let changes = Changes::new(ImportQuery::new(), ChangesCursor::since(at(0)), overlap).unwrap();
        let first = changes.begin_pass().next_page().unwrap().query;
        assert_eq!(first.filters().len(), filters, "{overlap}");
    }
}

#[test]
fn a_cursor_of_the_first_version_goes_on_from_the_latest_change_it_knew() {
    let stored = r#"{"version":1,"query":"","updated_at":"2025-01-01T00:00:20.500Z","given":[["00000000-0000-0000-0000-000000000002","2025-01-01T00:00:20.5+00:00"]]}"#;
    let cursor: ChangesCursor = serde_json::from_str(stored).unwrap();
    let written = serde_json::to_string(&cursor).unwrap();
    assert_eq!(serde_json::from_str::<ChangesCursor>(&written).unwrap(), cursor);
    assert!(written.contains("000000000002"), "{written}");
    let mut changes = follow(cursor);
    assert_eq!(floor(&changes), r#"updated_at.gte."2025-01-01T00:00:10.500Z""#);
    assert_eq!(
        pass(&mut changes, &[row(3, 15), row(2, 20), row(4, 21)], sent(30)),
        [0, 2]
    );
    assert!(
        serde_json::to_string(changes.cursor())
            .unwrap()
            .starts_with(r#"{"version":2,"#)
    );
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
    let later = serde_json::from_str(r#"{"version":3}"#).unwrap();
    assert_eq!(
        refused(ImportQuery::new(), later),
        ChangesError::Cursor(CursorError::Version { version: 3 })
    );
}

#[test]
fn a_second_set_back_is_noticed_too() {
    let mut changes = follow(ChangesCursor::beginning());
    let behind = |second: i64, by: i64| RequestTime {
        date: Some(at(second - by)),
        ..sent(second)
    };
    pass(&mut changes, &[], sent(10_000));
    pass(&mut changes, &[], behind(10_120, 3_600));
    pass(&mut changes, &[], behind(10_240, 3_660));
    // The last pass that saw all began 240 s before this one, by the clock as it is now.
    assert_eq!(changes.cursor().watermark(), Some(at(10_240 - 3_660 - 1 - 240)));
}

#[test]
fn a_run_notices_a_smaller_set_back_than_can_be_told_between_two_runs() {
    let mut changes = follow(ChangesCursor::beginning());
    pass(&mut changes, &[], sent(10_000));
    let saved = serde_json::to_string(changes.cursor()).unwrap();
    let mut next_run = follow(serde_json::from_str(&saved).unwrap());
    let half_a_minute_back = RequestTime {
        date: Some(at(10_090)),
        ..sent(10_120)
    };
    pass(&mut changes, &[], half_a_minute_back);
    pass(&mut next_run, &[], half_a_minute_back);
    assert_eq!(changes.cursor().watermark(), Some(at(10_089 - 120)));
    assert_eq!(next_run.cursor().watermark(), Some(at(10_089)));
}

#[test]
fn a_wall_clock_that_was_ahead_in_the_last_run_hides_no_set_back() {
    let stored = r#"{"version":2,"watermark":"2025-01-01T00:16:40Z","sent":"2025-01-01T02:30:00Z"}"#;
    let mut changes = follow(serde_json::from_str(stored).unwrap());
    let set_back = RequestTime {
        date: Some(at(500)),
        ..sent(1_100)
    };
    pass(&mut changes, &[], set_back);
    assert_eq!(changes.cursor().watermark(), Some(at(499)));
}

#[test]
fn a_row_at_the_very_floor_is_remembered() {
    let mut changes = follow(ChangesCursor::beginning());
    let row = dated(1, "2025-01-01T00:01:29+00:00");
    assert_eq!(pass(&mut changes, std::slice::from_ref(&row), sent(100)), [0]);
    assert_eq!(floor(&changes), gte(89));
    assert_eq!(pass(&mut changes, &[row], sent(101)), [] as [usize; 0]);
}

#[test]
fn a_row_without_its_key_is_remembered_for_as_long_as_it_is_met() {
    let mut changes = follow(ChangesCursor::beginning());
    let rows = |second| [r#"{"id":null,"updated_at":5}"#.to_owned(), row(7, second)];
    for (second, new) in [(100, vec![0, 1]), (108, vec![1]), (116, vec![1]), (124, vec![1])] {
        assert_eq!(pass(&mut changes, &rows(second), sent(second.into())), new);
    }
}

#[test]
fn what_a_pass_goes_on_from_can_be_read_while_it_runs_and_after() {
    let mut changes = follow(ChangesCursor::beginning());
    assert_eq!(changes.watermark(), None);
    let mut running = changes.begin_pass();
    page(&mut changes, &mut running, &[row(1, 1)], 1, sent(60));
    assert_eq!(
        (changes.watermark(), changes.cursor().watermark()),
        (Some(at(59)), None)
    );
    page(&mut changes, &mut running, &[row(2, 2)], 0, sent(90));
    assert_eq!(changes.watermark(), Some(at(59)));
    assert_eq!(changes.cursor().watermark(), Some(at(59)));
}
