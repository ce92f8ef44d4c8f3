use std::collections::BTreeSet;

use mateo_model::{Import, Progress};

use super::*;

fn imports(sandbox: &Sandbox) -> Vec<Import> {
    let read = |row| serde_json::from_value(serde_json::Value::Object(row)).expect("an import");
    sandbox.rows().into_iter().map(read).collect()
}

#[test]
fn every_row_is_an_import_that_makes_sense() {
    let imports = imports(&Sandbox::generate(5_000, 1));
    assert_eq!(imports.len(), 5_000);
    let ids: BTreeSet<_> = imports.iter().map(|import| import.id).collect();
    assert_eq!(ids.len(), 5_000);
    for import in &imports {
        assert!(import.created_at <= import.updated_at, "{import:?}");
        assert!(import.updated_at.timestamp() <= UNTIL, "{import:?}");
        let counts =
            [import.total_count, import.success_count, import.failed_count].map(Option::unwrap_or_default);
        assert!(counts.iter().all(|count| *count >= 0), "{import:?}");
        if import.total_count.is_some() {
            assert!(counts[1] + counts[2] <= counts[0], "{import:?}");
        }
        assert!(
            import.payload.is_none() || import.payload_url.is_none(),
            "{import:?}"
        );
    }
    assert!(imports.is_sorted_by_key(|import| import.created_at));
}

#[test]
fn rows_show_every_state_and_type() {
    for imports in [
        imports(&Sandbox::generate(1_000, 5)),
        imports(&Sandbox::example(
            DateTime::from_timestamp(UNTIL, 0).expect("within range"),
        )),
    ] {
        let count = |is: fn(&Import) -> bool| imports.iter().filter(|import| is(import)).count();
        assert!(count(|import| matches!(import.progress(), Progress::Running { .. })) >= 2);
        assert!(count(|import| import.success_count.is_none()) >= 1);
        assert!(count(|import| import.failed_url.is_some()) >= 5);
        assert!(count(|import| import.reference_id.is_none()) >= 5);
        assert!(count(|import| import.payload.is_some()) >= 5);
        let types: BTreeSet<_> = imports
            .iter()
            .map(|import| import.import_type.to_string())
            .collect();
        assert_eq!(types.len(), 3);
    }
}

#[test]
fn the_newest_rows_of_the_example_are_minutes_old() {
    let now = DateTime::from_timestamp(UNTIL, 0).expect("within range");
    let imports = imports(&Sandbox::example(now));
    let newest = imports.last().expect("there are some");
    assert!(now - newest.created_at < TimeDelta::seconds(10), "{newest:?}");
    assert_eq!(newest.success_count, None);
}

#[test]
fn a_failed_url_names_as_many_deserialize_as_have_failed() {
    for import in imports(&Sandbox::generate(500, 3)) {
        if let Some(url) = import.failed_url {
            assert_eq!(
                url.rsplit_once("?rows=").map(|(_, rows)| rows),
                import.failed_count.map(|n| n.to_string()).as_deref()
            );
        }
    }
}

#[test]
fn hostile_text_comes_back_as_it_was_given() {
    let sandbox = Generator::new(60, 1).hostile_text(true).sandbox();
    let texts: BTreeSet<String> = sandbox
        .rows()
        .into_iter()
        .filter_map(|row| Some(row.get("reference_id")?.as_str()?.to_owned()))
        .collect();
    assert_eq!(texts.len(), 26);
    assert!(texts.iter().any(|text| text.contains('\u{202e}')));
}
