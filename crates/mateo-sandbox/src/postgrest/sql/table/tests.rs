use chrono::DateTime;
use serde_json::json;
use uuid::Uuid;

use super::Table;
use crate::row::Row;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn row(n: u128) -> Row {
    Row::import(id(n), DateTime::UNIX_EPOCH)
}

fn answer(table: &Table, n: u128) -> serde_json::Value {
    serde_json::from_str(&table.row_text(id(n)).unwrap()).unwrap()
}

#[test]
fn a_row_is_answered_as_it_was_given() {
    let mut table = Table::new(&mateo_model::columns::ALL[..13]);
    let given = row(1)
        .set("payload", json!({"b": 1, "a": [1, 2]}))
        .set("total_count", 3)
        .set("reference_id", "a\"b");
    table.insert(&given).unwrap();
    assert_eq!(
        table.row_text(id(1)).unwrap(),
        "{\"id\":\"00000000-0000-0000-0000-000000000001\",\"created_at\":\"1970-01-01T00:00:00+00:00\",\
         \"updated_at\":\"1970-01-01T00:00:00+00:00\",\
         \"organisation_id\":\"00000000-0000-0000-0000-000000000000\",\"type\":\"contact_details\",\
         \"payload\":{\"a\": [1, 2], \"b\": 1},\"contact_list_id\":null,\"failed_url\":null,\
         \"payload_url\":null,\"total_count\":3,\"success_count\":null,\"failed_count\":null,\
         \"reference_id\":\"a\\\"b\"}"
    );
}

#[test]
fn a_row_that_cannot_be_taken_changes_nothing() {
    let mut table = Table::new(mateo_model::columns::ALL);
    table.insert(&row(1)).unwrap();
    let mut rejected = |row: &Row| table.insert(row).unwrap_err().to_string();
    let duplicate = format!("a row with the id {} is already there", id(1));
    assert_eq!(rejected(&row(1)), duplicate);
    assert_eq!(rejected(&Row::new()), "column \"id\" must have a value");
    let untyped = row(2).set("type", None::<&str>);
    assert_eq!(rejected(&untyped), "column \"type\" must have a value");
    let error = table.insert(&row(2).set("total_count", "many")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column \"total_count\" can't hold the value: invalid input syntax for type integer: \"many\""
    );
    assert!(
        table
            .update(id(1), &Row::new().set("total_count", 1_i64 << 40))
            .is_err()
    );
    assert_eq!(table.len(), 1);
    assert_eq!(answer(&table, 1)["total_count"], json!(null));
}

#[test]
fn an_update_may_give_another_id() {
    let mut table = Table::new(mateo_model::columns::ALL);
    table.insert(&row(1)).unwrap();
    table.insert(&row(2)).unwrap();
    assert!(table.update(id(1), &Row::new().set("id", id(3))).unwrap());
    assert!(!table.update(id(1), &Row::new()).unwrap());
    assert!(table.update(id(3), &Row::new().set("id", id(2))).is_err());
    assert_eq!(answer(&table, 3)["id"], json!(id(3)));
}

#[test]
fn positions_of_deleted_rows_are_given_up() {
    let mut table = Table::new(mateo_model::columns::ALL);
    for n in 0..1_000 {
        table
            .insert(&row(n).set("total_count", i64::try_from(n).unwrap()))
            .unwrap();
    }
    for n in 0..990 {
        assert!(table.delete(id(n)));
        assert!(!table.delete(id(n)));
    }
    assert_eq!(table.len(), 10);
    assert!(table.live.len() < 200, "{}", table.live.len());
    for n in 990..1_000 {
        assert_eq!(answer(&table, n)["total_count"], json!(n));
    }
    assert!(table.update(id(995), &Row::new().set("total_count", 1)).unwrap());
    assert_eq!(answer(&table, 995)["total_count"], json!(1));
}

#[test]
fn a_new_column_has_the_type_of_its_first_value() {
    let mut table = Table::new(mateo_model::columns::ALL);
    table.insert(&row(1).set("newer", None::<bool>)).unwrap();
    table.insert(&row(2).set("newer", true)).unwrap();
    table.insert(&row(3)).unwrap();
    assert_eq!(answer(&table, 1)["newer"], json!(null));
    assert_eq!(answer(&table, 2)["newer"], json!(true));
    assert_eq!(answer(&table, 3)["newer"], json!(null));
}

#[test]
fn a_new_column_with_values_of_several_types_is_json() {
    let mut table = Table::new(mateo_model::columns::ALL);
    let values = [
        json!(5),
        json!("five"),
        json!(null),
        json!([5]),
        json!(5.5),
        json!(true),
    ];
    for (n, value) in (1..).zip(&values) {
        table.insert(&row(n).set("new", value.clone())).unwrap();
    }
    for (n, value) in (1..).zip(&values) {
        assert_eq!(answer(&table, n)["new"], *value);
    }
}

#[test]
fn a_type_of_import_that_is_new_comes_behind_the_known_ones() {
    let mut table = Table::new(mateo_model::columns::ALL);
    table.insert(&row(1).set("type", "order_details")).unwrap();
    assert_eq!(answer(&table, 1)["type"], "order_details");
    let place = |label: &str| table.labels().iter().position(|known| **known == *label);
    assert!(place("order_details") > place("appointment_details"));
    assert_eq!(place("unknown"), None);
}
