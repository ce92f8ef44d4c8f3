use chrono::{DateTime, Utc};
use mateo_imports::RawJson;

use super::{ImportTable, Look};
use crate::render::RowWriter;
use crate::render::style::Paint;
use crate::render::text::width;

fn look(width: Option<usize>) -> Look {
    Look {
        width,
        paint: Paint::new(false),
        unicode: true,
        exact_times: false,
        full_ids: false,
        zone: crate::zone::Zone::utc(""),
        now: "2026-03-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap(),
    }
}

fn row(id: &str, counts: [Option<i32>; 3], reference: &str) -> RawJson {
    let [total, success, failed] = counts;
    serde_json::json!({
        "id": id, "type": "appointment_details", "created_at": "2026-03-01T11:00:00+00:00",
        "total_count": total, "success_count": success, "failed_count": failed, "reference_id": reference,
    })
    .to_string()
    .parse()
    .unwrap()
}

fn written(look: Look, rows: &[RawJson]) -> (String, Vec<String>) {
    let mut table = ImportTable::new(look);
    let mut out = Vec::new();
    for row in rows {
        table.row(row, &mut out).unwrap();
    }
    let mut notes = table.end(&mut out).unwrap().notes;
    notes.retain(|note| !note.contains("imports failures"));
    (String::from_utf8(out).unwrap(), notes)
}

fn rows() -> Vec<RawJson> {
    vec![
        row(
            "d419c772-3226-4b94-bc3a-e353fb14628e",
            [Some(100), Some(33), Some(0)],
            "crm-\u{1b}[31mexport",
        ),
        row(
            "5ead703a-84c4-4877-a785-37a368e58909",
            [Some(1200), Some(1190), Some(10)],
            &"a long reference ".repeat(4),
        ),
        row("4372a2a7-84a6-4245-a398-d022d4351df4", [None, None, None], ""),
    ]
}

#[test]
fn without_a_limit_nothing_is_cut() {
    let (text, notes) = written(look(None), &rows());
    assert_eq!(
        text,
        "ID                                    TYPE         AGE  STATE     OK/FAIL/ALL  REFERENCE\n\
         d419c772-3226-4b94-bc3a-e353fb14628e  appointment   1h  33%          33/0/100  crm-\\u{1b}[31mexport\n\
         5ead703a-84c4-4877-a785-37a368e58909  appointment   1h  failed   1190/10/1200  a long reference a long reference a long reference a long reference \n\
         4372a2a7-84a6-4245-a398-d022d4351df4  appointment   1h  pending         -/-/-\n"
    );
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn no_line_is_wider_than_the_limit_and_what_was_cut_is_said() {
    for limit in 12..120 {
        let (text, notes) = written(look(Some(limit)), &rows());
        for line in text.lines() {
            assert!(width(line) <= limit, "{limit}: {line}");
        }
        if limit < 100 {
            assert!(
                notes
                    .iter()
                    .all(|note| note.contains(&format!("to fit {limit} columns")))
                    && !notes.is_empty()
            );
        }
    }
    let (text, notes) = written(look(Some(64)), &rows());
    assert!(text.contains("a long refer…"), "{text}");
    assert_eq!(notes, ["cut to fit 64 columns: 2 texts in reference"]);
}

#[test]
fn ids_are_as_long_as_it_takes_to_tell_them_apart() {
    let rows = [
        row("d419c772-3226-4b94-bc3a-e353fb14628e", [None; 3], ""),
        row("d419c772-3227-4b94-bc3a-e353fb14628e", [None; 3], ""),
    ];
    let (text, _) = written(look(Some(200)), &rows);
    assert!(text.contains("\nd419c772-3226  "), "{text}");
}

#[test]
fn a_row_that_can_not_be_read_is_left_out_and_named() {
    let (text, notes) = written(look(None), &[row("x", [None; 3], "")]);
    assert!(!text.contains("appointment"));
    assert!(notes[0].starts_with("1 row could not be read"), "{notes:?}");
}

#[test]
fn in_a_pipe_a_later_row_is_whole_however_wide() {
    let mut rows: Vec<RawJson> = (0..120)
        .map(|n| row(&format!("d419c772-3226-4b94-bc3a-{n:012}"), [None; 3], "short"))
        .collect();
    let long = "x".repeat(300);
    rows.push(row(
        "5ead703a-84c4-4877-a785-37a368e58909",
        [Some(2_000_000_000); 3],
        &long,
    ));
    let (text, notes) = written(look(None), &rows);
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("5ead703a-84c4-4877-a785-37a368e58909  ") && last.ends_with(&long));
    assert!(last.contains("2000000000/2000000000/2000000000"));
    assert_eq!(text.matches("REFERENCE").count(), 1);
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn in_a_terminal_each_page_is_as_wide_as_its_own_rows_need() {
    let mut rows: Vec<RawJson> = (0..50)
        .map(|n| row(&format!("{n:08}-3226-4b94-bc3a-000000000000"), [None; 3], "short"))
        .collect();
    rows.push(row(
        "5ead703a-84c4-4877-a785-37a368e58909",
        [Some(2_000_000_000); 3],
        &"long ".repeat(5),
    ));
    let (text, notes) = written(look(Some(80)), &rows);
    let last = text.lines().last().unwrap();
    assert!(last.contains("2000000000/2000000000/2000000000"), "{text}");
    assert_eq!(
        text.matches("REFERENCE").count(),
        2,
        "the header is written again: {text}"
    );
    assert_eq!(notes, ["cut to fit 80 columns: 1 text in reference"]);
}

#[test]
fn where_there_are_failures_the_next_step_is_named() {
    let mut table = ImportTable::new(look(None));
    for row in rows() {
        table.row(&row, &mut Vec::new()).unwrap();
    }
    assert_eq!(
        table.end(&mut Vec::new()).unwrap().notes,
        ["1 with failures: 'mateo imports failures ID' says why"]
    );
}
