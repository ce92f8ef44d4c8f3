use super::{cast, target};
use crate::postgrest::sql::literal;
use crate::postgrest::sql::table::Table;
use crate::postgrest::sql::types::Type;

/// What `select cast('…'::from as to)` holds in JSON, or its error.
fn select(text: &str, from: Type, to: &str) -> Result<String, &'static str> {
    let table = Table::new(mateo_model::columns::ALL);
    let value = literal::parse(from, text, table.labels(), None);
    let cast = value.and_then(|value| cast(&value, target(to, from)?, table.labels()));
    cast.map(|value| value.to_json()).map_err(|error| error.0.code)
}

#[test]
fn json_is_cast_as_postgresql_casts_it() {
    for (json, to, expected) in [
        ("1.5", "int", Ok("2")),
        ("-2.5", "integer", Ok("-3")),
        ("2147483648", "int4", Err("22003")),
        ("2147483648", "bigint", Ok("2147483648")),
        ("32768", "smallint", Err("22003")),
        ("1.50", "numeric", Ok("1.50")),
        ("true", "bool", Ok("true")),
        ("1", "boolean", Err("22023")),
        ("\"a\"", "int", Err("22023")),
        ("null", "int", Err("22023")),
        ("\"a\"", "text", Ok(r#""\"a\"""#)),
        ("1", "uuid", Err("42846")),
    ] {
        assert_eq!(
            select(json, Type::Jsonb, to),
            expected.map(str::to_owned),
            "{json}::{to}"
        );
    }
}

#[test]
fn text_is_read_as_the_type_it_is_cast_to() {
    for (text, to, expected) in [
        (" 5 ", "int", Ok("5")),
        ("1.5", "int", Err("22P02")),
        ("+-5", "numeric", Err("22P02")),
        ("yes", "bool", Ok("true")),
        (
            "2025-01-31 12:00+02",
            "timestamptz",
            Ok("\"2025-01-31T10:00:00+00:00\""),
        ),
        ("2025-01-31 12:00+02", "date", Ok("\"2025-01-31\"")),
        ("{\"b\":1, \"a\":2}", "jsonb", Ok("{\"a\": 2, \"b\": 1}")),
        ("deal_details", "import_type", Ok("\"deal_details\"")),
        ("x", "nope", Err("42704")),
    ] {
        assert_eq!(
            select(text, Type::Text, to),
            expected.map(str::to_owned),
            "{text}::{to}"
        );
    }
}

#[test]
fn other_types_are_cast_where_postgresql_has_a_cast() {
    for (text, from, to, expected) in [
        ("5", Type::Int4, "text", Ok("\"5\"")),
        ("5", Type::Int4, "bool", Ok("true")),
        ("5", Type::Int8, "bool", Err("42846")),
        ("70000", Type::Int4, "int2", Err("22003")),
        ("5", Type::Int4, "numeric", Ok("5")),
        ("t", Type::Bool, "int", Ok("1")),
        (
            "2025-01-31 12:00Z",
            Type::Timestamptz,
            "date",
            Ok("\"2025-01-31\""),
        ),
        (
            "2025-01-31 12:00Z",
            Type::Timestamptz,
            "text",
            Ok("\"2025-01-31 12:00:00+00\""),
        ),
        ("2025-01-31 12:00Z", Type::Timestamptz, "int", Err("42846")),
        (
            "00000000000000000000000000000001",
            Type::Uuid,
            "text",
            Ok("\"00000000-0000-0000-0000-000000000001\""),
        ),
        ("5", Type::Int4, "jsonb", Err("42846")),
    ] {
        assert_eq!(
            select(text, from, to),
            expected.map(str::to_owned),
            "{text}::{to}"
        );
    }
}
