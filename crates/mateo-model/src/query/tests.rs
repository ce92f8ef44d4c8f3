use proptest::prelude::*;

use crate::ast::{Arrow, Field, PathKey};
use crate::columns::*;
use crate::{Column, Filter, ImportQuery, ImportType, Order, ParseErrorKind, Range, Select, SelectItem};

/// Any text that PostgreSQL can hold, rich in the characters that the grammar gives a meaning to.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "\"", "\\", ",", "(", ")", ".", ":", "*", "%", "_", "&", ";", "=", "+", "#", "?", " ", "{", "}",
        "->", "not.", "null", "\u{1}", "\n", "ü", "🚗", "\u{202e}",
    ]);
    prop_oneof![
        4 => prop::collection::vec(prop_oneof![special.prop_map(str::to_owned), "[a-z0-9]{1,3}"], 0..6)
            .prop_map(|parts| parts.concat()),
        1 => any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z_]{1,8}", 1 => text()]
}

fn field() -> impl Strategy<Value = Field> {
    let key = prop_oneof![name().prop_map(PathKey::Key), (-9i64..9).prop_map(PathKey::Index)];
    (name(), prop::collection::vec((any::<bool>(), key), 0..3)).prop_map(|(name, path)| {
        path.into_iter().fold(Field::named(name), |field, (json, key)| {
            field.step(if json { Arrow::Json } else { Arrow::Text }, key)
        })
    })
}

fn leaf() -> impl Strategy<Value = Filter> {
    let column = || {
        field()
            .prop_map(|field| field.name().to_owned())
            .prop_map(Column::<String>::named)
    };
    prop_oneof![
        (column(), text()).prop_map(|(column, value)| column.eq(value)),
        (column(), text()).prop_map(|(column, value)| column.neq(value)),
        (column(), text()).prop_map(|(column, value)| column.is_distinct_from(value)),
        (column(), text()).prop_map(|(column, value)| column.contains(value.replace('*', ""))),
        (column(), text()).prop_map(|(column, value)| column.matches(value)),
        (column(), prop::collection::vec(text(), 0..4)).prop_map(|(column, values)| column.in_(values)),
        (column(), prop::collection::vec(text(), 0..4)).prop_map(|(column, values)| column.eq_any(values)),
        column().prop_map(|column| column.is_not_null()),
        any::<i32>().prop_map(|count| TOTAL_COUNT.gte(count)),
        text().prop_map(|key| PAYLOAD.json(key.as_str()).text(0).eq(key)),
        text().prop_map(|text| PAYLOAD.contains(serde_json::json!({ text.clone(): [text] }))),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let many = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            many().prop_map(Filter::all),
            many().prop_map(Filter::any),
            inner.clone().prop_map(|filter| !filter),
        ]
    })
}

fn order() -> impl Strategy<Value = Order> {
    (field(), any::<bool>(), 0..3).prop_map(|(field, descending, nulls)| {
        let order = if descending {
            Order::desc(field)
        } else {
            Order::asc(field)
        };
        match nulls {
            0 => order,
            1 => order.nulls_first(),
            _ => order.nulls_last(),
        }
    })
}

fn item() -> impl Strategy<Value = SelectItem> {
    (field(), prop::option::of(name()), prop::option::of("[a-z]{1,5}")).prop_map(|(field, alias, cast)| {
        let item = alias.into_iter().fold(SelectItem::from(field), SelectItem::alias);
        cast.into_iter().fold(item, SelectItem::cast)
    })
}

fn query() -> impl Strategy<Value = ImportQuery> {
    let parts = (
        prop::collection::vec(filter(), 0..3),
        prop::collection::vec(order(), 0..3),
        prop::collection::vec(item(), 0..3),
        prop::option::of(0u64..1000),
        prop::option::of(0u64..1000),
    );
    parts.prop_map(|(filters, orders, items, limit, offset)| {
        let query = filters.into_iter().fold(ImportQuery::new(), ImportQuery::filter);
        let query = orders.into_iter().fold(query, ImportQuery::order);
        let query = query.select(items.into_iter().collect());
        let query = limit.into_iter().fold(query, ImportQuery::limit);
        offset.into_iter().fold(query, ImportQuery::offset)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 1024 }))]

    #[test]
    fn what_is_encoded_parses_back(query in query()) {
        let text = query.to_query_string().unwrap();
        prop_assert_eq!(&ImportQuery::parse(&text).unwrap(), &query, "{}", text);
    }

    #[test]
    fn a_query_is_a_serde_value(query in query()) {
        let stored = serde_json::to_string(&query).unwrap();
        prop_assert_eq!(serde_json::from_str::<ImportQuery>(&stored).unwrap(), query);
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in any::<String>(), made in query()) {
        for text in [text.clone(), format!("or=({text}"), format!("select={text}&order={text}"), format!("{made}{text}")] {
            if let Ok(query) = ImportQuery::parse(&text)
                && let Ok(encoded) = query.to_query_string()
            {
                prop_assert_eq!(ImportQuery::parse(&encoded).unwrap(), query);
            }
        }
    }

    #[test]
    fn a_position_lies_in_the_query_string(text in "[a-z(),.=&%\"é+ ]{0,40}") {
        if let Err(error) = ImportQuery::parse(&text) {
            prop_assert!(error.position() <= text.len());
        }
    }
}

#[test]
fn a_range_is_part_of_the_stored_form() {
    let query = ImportQuery::new()
        .filter(FAILED_COUNT.gt(0))
        .range(Range::new(0, Some(19)).unwrap());
    let stored = serde_json::to_string(&query).unwrap();
    assert_eq!(stored, r#"{"query":"failed_count=gt.0","range":"0-19"}"#);
    assert_eq!(serde_json::from_str::<ImportQuery>(&stored).unwrap(), query);
}

#[test]
fn what_the_server_cannot_be_asked_is_refused() {
    let refusal = |query: ImportQuery| query.to_query_string().unwrap_err().to_string();
    let star = "a literal \"*\" can't be searched for with a pattern, because the server reads it as any text; compare with \
                eq, or search for the text around it";
    let backslash = "the pattern ends with a lone \"\\\"; write \"\\\\\" for a literal backslash";
    let nul = "the value has the character U+0000, which no text of the server can have";
    for (filter, column, reason) in [
        (REFERENCE_ID.contains("a*b"), "reference_id", star),
        (REFERENCE_ID.like(r"a\*"), "reference_id", star),
        (REFERENCE_ID.like("a\\"), "reference_id", backslash),
        (REFERENCE_ID.eq("a\0b"), "reference_id", nul),
        (REFERENCE_ID.in_(["a\0b"]), "reference_id", nul),
        (Column::<i32>::named("a\0").eq(1), "\"a\0\"", nul),
    ] {
        assert_eq!(
            refusal(ImportQuery::new().filter(filter)),
            format!("{column}: {reason}")
        );
    }
    let cast = ImportQuery::new().select(Select::all().and(ID.cast("text)")));
    assert_eq!(refusal(cast), "\"text)\" can't be written as the type of a cast");
    let deep = (0..500).fold(ID.is_null(), |filter, _| Filter::any([!Filter::all([filter])]));
    assert_eq!(
        refusal(ImportQuery::new().filter(deep)),
        "the filter nests more than 100 groups inside each other; write it flatter"
    );
}

#[test]
fn groups_nested_too_deep_are_refused_without_a_crash() {
    let text = format!("or={}", "(and".repeat(200_000));
    assert_eq!(
        ImportQuery::parse(&text).unwrap_err().kind(),
        ParseErrorKind::TooDeep
    );
}

#[test]
fn an_error_points_at_the_column_of_the_query_string() {
    let position = |text: &str| ImportQuery::parse(text).unwrap_err().position();
    assert_eq!(position("total_count=GT.5"), 12);
    assert_eq!(position("reference_id=eq.%C3%A4&order=id,"), 32);
    assert_eq!(position("limit=1&or=(a.eq.1,b.zz.2)"), 21);
    assert_eq!(position("or=(%22%C3%A4%22.eq.1,b.zz.2)"), 24);
    assert_eq!(position("a=eq.%FF"), 5);
}

#[test]
fn the_same_filter_has_one_spelling() {
    for (written, canonical) in [
        ("total_count=is.not_null", "total_count=not.is.null"),
        ("total_count=not.is.not_null", "total_count=is.null"),
        ("reference_id=in.(%22%22)", "reference_id=in.()"),
        ("reference_id=like.*a*", "reference_id=like.%25a%25"),
        (
            "order=id.asc.nullslast,type.desc.nullsfirst",
            "order=id,type.desc",
        ),
        ("select=,id", ""),
        ("limit=99999999999999999999", "limit=9223372036854775807"),
        ("limit=abc&offset=-4", "offset=-4"),
        ("limit=1&limit=2&order=type&order=id", "order=type&limit=2"),
    ] {
        assert_eq!(
            ImportQuery::parse(written).unwrap().to_string(),
            canonical,
            "{written}"
        );
    }
}

#[test]
fn types_compare_by_their_text() {
    assert_eq!(
        TYPE.eq(ImportType::DealDetails).to_string(),
        "type.eq.\"deal_details\""
    );
}
