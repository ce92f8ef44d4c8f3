//! Rows and queries in formats other than JSON text, and through the buffers that serde puts between.

#![allow(
    clippy::unwrap_used,
    reason = "a test may; clippy.toml covers only functions marked as tests"
)]

use mateo_model::{Extra, Import, ImportQuery, RawJson};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A row with nested and absent values, unknown columns and odd spacing.
const ROW: &str = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00.100+00:00","updated_at":"2025-01-01T00:00:00.00001+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","payload":[{"email": "my@contact.com", "n": 1.50}],"contact_list_id":null,"failed_url":"https://files.example/1?sig=a","total_count":100,"newer":["x", {"y": null}],"flag":true,"nothing":{},"text":"ä\n"}"#;

fn row() -> Import {
    serde_json::from_str(ROW).unwrap()
}

fn value() -> Value {
    serde_json::from_str(ROW).unwrap()
}

/// The row as a tree, from whatever it was read: its payload has lost its spacing, and no more.
fn is_the_row(import: &Import) {
    assert_eq!(serde_json::to_value(import).unwrap(), value());
    assert_eq!(
        import.payload.as_ref().unwrap().as_str(),
        r#"[{"email":"my@contact.com","n":1.5}]"#
    );
    assert_eq!(import.extra.raw("newer"), Some(r#"["x",{"y":null}]"#));
    assert!(import.has_column("contact_list_id") && !import.has_column("reference_id"));
}

fn through_yaml<T: Serialize + DeserializeOwned>(value: &T) -> T {
    yaml_serde::from_str(&yaml_serde::to_string(value).unwrap()).unwrap()
}

fn through_cbor<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    ciborium::from_reader(bytes.as_slice()).unwrap()
}

#[test]
fn json_text_stays_byte_for_byte() {
    assert_eq!(serde_json::to_string(&row()).unwrap(), ROW);
    assert_eq!(
        serde_json::from_reader::<_, Import>(ROW.as_bytes())
            .unwrap()
            .payload,
        row().payload
    );
}

#[test]
fn a_row_is_read_from_a_tree() {
    is_the_row(&serde_json::from_value(value()).unwrap());
}

#[test]
fn a_row_goes_through_yaml() {
    is_the_row(&through_yaml(&row()));
    let text = yaml_serde::to_string(&row()).unwrap();
    assert!(text.contains("- email: my@contact.com"), "{text}");
}

#[test]
fn a_row_goes_through_cbor() {
    is_the_row(&through_cbor(&row()));
}

#[derive(Serialize, Deserialize)]
struct Tagged {
    seen: u32,
    #[serde(flatten)]
    import: Import,
}

#[test]
fn a_row_is_flattened_into_another_struct() {
    let tagged = Tagged {
        seen: 3,
        import: row(),
    };
    let text = serde_json::to_string(&tagged).unwrap();
    assert_eq!(text, format!("{{\"seen\":3,{}", &ROW[1..]));
    for tagged in [
        serde_json::from_str(&text).unwrap(),
        through_yaml(&tagged),
        through_cbor(&tagged),
    ] {
        is_the_row(&tagged.import);
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(u8),
    Import(Box<Import>),
}

#[test]
fn a_row_is_a_variant_of_an_untagged_enum() {
    let either = Either::Import(Box::new(row()));
    let text = serde_json::to_string(&either).unwrap();
    assert_eq!(text, ROW);
    for either in [
        serde_json::from_str(&text).unwrap(),
        through_yaml(&either),
        through_cbor(&either),
    ] {
        let Either::Import(import) = either else {
            panic!("a number")
        };
        is_the_row(&import);
    }
}

#[test]
fn a_row_is_a_json_snapshot_of_insta() {
    insta::assert_json_snapshot!(row(), @r#"
    {
      "id": "d419c772-3226-4b94-bc3a-e353fb14628e",
      "created_at": "2025-01-01T00:00:00.100+00:00",
      "updated_at": "2025-01-01T00:00:00.00001+00:00",
      "organisation_id": "f6fadfa7-e5c1-4b62-9362-da5cc13da58a",
      "type": "contact_details",
      "payload": [
        {
          "email": "my@contact.com",
          "n": 1.5
        }
      ],
      "contact_list_id": null,
      "failed_url": "https://files.example/1?sig=a",
      "total_count": 100,
      "newer": [
        "x",
        {
          "y": null
        }
      ],
      "flag": true,
      "nothing": {},
      "text": "ä\n"
    }
    "#);
}

#[test]
fn json_of_every_kind_goes_through_every_format() {
    for json in [
        json!(null),
        json!(true),
        json!(-7),
        json!(18_446_744_073_709_551_615_u64),
        json!(1.5),
        json!("é\"\\"),
        json!([]),
        json!([1, [null]]),
        json!({}),
        json!({"a": {"b": []}, "$serde": 1}),
    ] {
        let raw: RawJson = json.to_string().parse().unwrap();
        assert_eq!(serde_json::from_value::<RawJson>(json.clone()).unwrap(), raw);
        assert_eq!(serde_json::to_value(&raw).unwrap(), json);
        assert_eq!(through_yaml(&raw), raw);
        assert_eq!(through_cbor(&raw), raw);
        let flat: Flat = serde_json::from_value(json!({"raw": json})).unwrap();
        assert_eq!(flat.inner.raw, raw);
    }
}

#[derive(Deserialize)]
struct Flat {
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Deserialize)]
struct Inner {
    raw: RawJson,
}

#[test]
fn the_columns_of_a_row_go_through_every_format_by_themselves() {
    let extra = row().extra;
    let written = serde_json::to_string(&extra).unwrap();
    assert_eq!(
        written,
        r#"{"newer":["x", {"y": null}],"flag":true,"nothing":{},"text":"ä\n"}"#
    );
    assert_eq!(serde_json::from_str::<Extra>(&written).unwrap(), extra);
    for read in [through_yaml(&extra), through_cbor(&extra)] {
        assert_eq!(
            serde_json::to_value(read).unwrap(),
            serde_json::to_value(&extra).unwrap()
        );
    }
}

#[test]
fn a_query_is_read_from_its_query_string_too() {
    let query: ImportQuery = "total_count=gt.5&order=id".parse().unwrap();
    let text = json!("total_count=gt.5&order=id");
    assert_eq!(
        serde_json::from_value::<ImportQuery>(text.clone()).unwrap(),
        query
    );
    assert_eq!(
        serde_json::from_str::<ImportQuery>(&text.to_string()).unwrap(),
        query
    );
    assert_eq!(
        yaml_serde::from_str::<ImportQuery>("total_count=gt.5&order=id").unwrap(),
        query
    );
    let ranged = query.clone().range("0-9".parse().unwrap());
    for query in [query, ranged] {
        assert_eq!(
            serde_json::from_value::<ImportQuery>(serde_json::to_value(&query).unwrap()).unwrap(),
            query
        );
        assert_eq!(through_yaml(&query), query);
        assert_eq!(through_cbor(&query), query);
    }
    assert!(serde_json::from_value::<ImportQuery>(json!("order=sideways.x")).is_err());
    assert!(serde_json::from_value::<ImportQuery>(json!({"query": "", "extra": 1})).is_err());
}
