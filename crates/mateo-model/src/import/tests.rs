use proptest::prelude::*;
use serde_json::{Value, json};

use super::Import;
use crate::testing::{cases, page};
use crate::{ImportType, Progress, columns};

fn minimal() -> Value {
    json!({
        "id": "d419c772-3226-4b94-bc3a-e353fb14628e",
        "created_at": "2025-01-01T00:00:00+00:00",
        "updated_at": "2025-01-01T00:00:00.00001+00:00",
        "organisation_id": "f6fadfa7-e5c1-4b62-9362-da5cc13da58a",
        "type": "contact_details",
    })
}

fn with(columns: &Value) -> Value {
    let mut row = minimal();
    for (name, value) in columns.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

fn read(row: &Value) -> Import {
    serde_json::from_str(&row.to_string()).unwrap()
}

#[test]
fn the_rows_of_a_page_are_written_back_byte_for_byte() {
    let rows: Vec<Import> = serde_json::from_str(&page()).unwrap();
    let written: Vec<String> = rows
        .iter()
        .map(|row| serde_json::to_string(row).unwrap())
        .collect();
    assert_eq!(format!("[{}]", written.join(", \n ")), page());
}

#[test]
fn a_row_is_written_the_same_into_a_tree() {
    let rows: Vec<Import> = serde_json::from_str(&page()).unwrap();
    assert_eq!(
        serde_json::to_value(&rows).unwrap(),
        serde_json::from_str::<Value>(&page()).unwrap()
    );
    let again: Vec<Import> = serde_json::from_value(serde_json::to_value(&rows).unwrap()).unwrap();
    assert_eq!(again.len(), rows.len());
}

#[test]
fn a_row_is_read_from_a_reader_too() {
    let rows: Vec<Import> = serde_json::from_reader(page().as_bytes()).unwrap();
    assert_eq!(rows, serde_json::from_str::<Vec<Import>>(&page()).unwrap());
}

#[test]
fn every_column_is_read() {
    let import = read(&with(&json!({
        "payload": [{"a": 1}],
        "contact_list_id": "45ac16b9-c20d-4c21-8f8a-7abff2e91ac7",
        "failed_url": "https://storage.example.com/failed",
        "payload_url": "https://storage.example.com/payload",
        "total_count": 3,
        "success_count": 1,
        "failed_count": 2,
        "reference_id": "a \"quoted\" é",
    })));
    assert_eq!(import.id.to_string(), "d419c772-3226-4b94-bc3a-e353fb14628e");
    assert_eq!(
        import.organisation_id.to_string(),
        "f6fadfa7-e5c1-4b62-9362-da5cc13da58a"
    );
    assert_eq!(import.import_type, ImportType::ContactDetails);
    assert_eq!(
        (import.updated_at - import.created_at).num_microseconds(),
        Some(10)
    );
    assert_eq!(
        import.payload.as_ref().unwrap().read::<Value>().unwrap(),
        json!([{"a": 1}])
    );
    assert_eq!(
        import.contact_list_id.unwrap().to_string(),
        "45ac16b9-c20d-4c21-8f8a-7abff2e91ac7"
    );
    assert_eq!(
        import.failed_url.as_deref(),
        Some("https://storage.example.com/failed")
    );
    assert_eq!(
        import.payload_url.as_deref(),
        Some("https://storage.example.com/payload")
    );
    assert_eq!(
        (import.total_count, import.success_count, import.failed_count),
        (Some(3), Some(1), Some(2))
    );
    assert_eq!(import.reference_id.as_deref(), Some("a \"quoted\" é"));
    assert_eq!(import.progress(), Progress::Finished { total: 3, failed: 2 });
    assert!(import.extra.is_empty());
}

#[test]
fn a_missing_column_is_remembered_as_missing() {
    let import = read(&minimal());
    assert_eq!(serde_json::to_value(&import).unwrap(), minimal());
    assert!(!import.has_column("payload") && import.has_column("type") && !import.has_column("import_type"));
}

#[test]
fn a_missing_column_is_written_once_it_is_set() {
    let mut import = read(&minimal());
    import.total_count = Some(7);
    assert_eq!(
        serde_json::to_value(&import).unwrap(),
        with(&json!({"total_count": 7}))
    );
    assert!(import.has_column("total_count"));
}

#[test]
fn a_null_column_is_written_as_null() {
    let row = with(&json!({"payload": null, "reference_id": null}));
    let import = read(&row);
    assert_eq!(import.payload, None);
    assert_eq!(serde_json::to_value(&import).unwrap(), row);
}

#[test]
fn each_nullable_column_is_written_back_alone_if_it_came_alone() {
    for column in columns::ALL.iter().filter(|column| column.nullable) {
        let mut row = minimal();
        row[column.name] = Value::Null;
        let import = read(&row);
        assert_eq!(serde_json::to_value(&import).unwrap(), row);
        let others = columns::ALL
            .iter()
            .filter(|other| other.nullable && *other != column);
        assert!(
            import.has_column(column.name) && others.into_iter().all(|other| !import.has_column(other.name))
        );
    }
}

#[test]
fn a_new_row_is_written_with_every_column_as_the_server_would() {
    let read = read(&minimal());
    let new = Import::new(read.id, read.organisation_id, read.import_type, read.created_at);
    let written = serde_json::to_string(&new).unwrap();
    let columns: Vec<String> = columns::ALL.iter().map(|column| column.name.to_owned()).collect();
    let row: serde_json::Map<String, Value> = serde_json::from_str(&written).unwrap();
    assert!(columns.iter().all(|name| row.contains_key(name)) && row.len() == columns.len());
    assert_eq!(serde_json::from_str::<Import>(&written).unwrap(), new);
    assert_eq!(row["updated_at"], row["created_at"]);
}

#[test]
fn unknown_columns_are_kept_in_order_and_raw() {
    let row = minimal().to_string();
    let json = format!(
        "{},\"z\": 1.0,\"a\":{{ \"x\":[]}},\"n\":null}}",
        row.strip_suffix('}').unwrap()
    );
    let import: Import = serde_json::from_str(&json).unwrap();
    let columns: Vec<_> = import.extra.iter().collect();
    assert_eq!(columns, [("z", "1.0"), ("a", "{ \"x\":[]}"), ("n", "null")]);
    assert_eq!(import.extra.get::<u8>("n").unwrap(), None);
    assert!(import.extra.contains("n") && import.has_column("n") && !import.has_column("m"));
    assert!(
        serde_json::to_string(&import)
            .unwrap()
            .ends_with(",\"z\":1.0,\"a\":{ \"x\":[]},\"n\":null}")
    );
}

#[test]
fn of_a_repeated_column_the_last_counts() {
    let row = minimal().to_string();
    let begin = row.strip_suffix('}').unwrap();
    let json = format!("{begin},\"x\":1,\"total_count\":1,\"y\":2,\"x\":3,\"total_count\":null}}");
    let import: Import = serde_json::from_str(&json).unwrap();
    assert_eq!(import.total_count, None);
    let columns: Vec<_> = import.extra.iter().collect();
    assert_eq!(columns, [("y", "2"), ("x", "3")]);
}

#[test]
fn very_many_unknown_columns_are_no_trouble() {
    let (came, names) = if cfg!(miri) { (80, 60) } else { (2_000, 1_500) };
    let many: Vec<String> = (0..came).map(|n| format!(",\"x{}\":{n}", n % names)).collect();
    let json = format!(
        "{}{}}}",
        minimal().to_string().strip_suffix('}').unwrap(),
        many.concat()
    );
    let import: Import = serde_json::from_str(&json).unwrap();
    assert_eq!(import.extra.len(), names);
    assert_eq!(import.extra.get("x0").unwrap(), Some(names));
    assert_eq!(
        import.extra.get(&format!("x{}", names - 1)).unwrap(),
        Some(names - 1)
    );
}

#[test]
fn a_time_that_is_changed_is_written_with_the_digits_it_needs() {
    let mut import = read(&with(&json!({"created_at": "2025-01-01T00:00:00.100000+00:00"})));
    assert_eq!(
        serde_json::to_value(&import).unwrap()["created_at"],
        "2025-01-01T00:00:00.100000+00:00"
    );
    import.updated_at = import.created_at;
    assert_eq!(
        serde_json::to_value(&import).unwrap()["updated_at"],
        "2025-01-01T00:00:00.10000+00:00"
    );
}

#[test]
fn other_offsets_are_written_as_utc() {
    let import = read(&with(&json!({"created_at": "2025-01-01T02:00:00.5+02:00"})));
    assert_eq!(
        serde_json::to_value(&import).unwrap()["created_at"],
        "2025-01-01T00:00:00.5+00:00"
    );
}

#[test]
fn how_a_row_was_written_does_not_make_it_another() {
    let short = read(&with(&json!({"created_at": "2025-01-01T00:00:00.1+00:00"})));
    let long = read(&with(
        &json!({"created_at": "2025-01-01T00:00:00.100000+00:00", "payload": null}),
    ));
    assert_eq!(short, long);
    assert_ne!(short, read(&minimal()));
}

#[test]
fn debug_hides_payloads_and_signatures() {
    let import = read(&with(&json!({
        "payload": [{"email": "my@contact.com"}],
        "failed_url": "https://storage.example.com/failed/3.json?sig=secret",
        "newer": ["my@contact.com"],
    })));
    let debug = format!("{import:?}");
    assert!(
        debug.contains("2025-01-01T00:00:00.00001+00:00") && debug.contains("RawJson(28 bytes)"),
        "{debug}"
    );
    assert!(
        debug.contains("failed/3.json?…") && debug.contains("newer"),
        "{debug}"
    );
    assert!(
        !debug.contains("my@contact.com") && !debug.contains("secret"),
        "{debug}"
    );
}

#[test]
fn imports_go_between_threads() {
    fn assert<T: Clone + Send + Sync + Unpin + 'static>() {}
    assert::<Import>();
    assert::<crate::Page<Import>>();
    assert::<crate::RawJson>();
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_is_written_is_what_was_read(
        text: Option<String>, counts: [Option<i32>; 3], extra in proptest::collection::btree_map("[a-z]{1,3}_x|é\"", ".*", 0..4),
    ) {
        let mut row = with(&json!({"reference_id": text, "payload": {"t": text}, "failed_url": text}));
        for (name, count) in ["total_count", "success_count", "failed_count"].into_iter().zip(counts) {
            row[name] = json!(count);
        }
        for (name, value) in &extra {
            row[name] = json!([value]);
        }
        let import = read(&row);
        prop_assert_eq!(serde_json::to_value(&import).unwrap(), row);
        prop_assert_eq!(read(&serde_json::to_value(&import).unwrap()), import);
    }
}
