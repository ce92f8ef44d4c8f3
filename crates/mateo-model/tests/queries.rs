//! Every operator and combination as the query string it becomes: a document of what is sent.
//!
//! The snapshot lists, for each, how it is written in Rust and what the server gets.

use mateo_model::{Column, Filter, ImportQuery, ImportType, Range, Select, SelectItem, columns::*};
use uuid::Uuid;

/// One line of the document for each expression: its source, and its query string or why it is rejected.
macro_rules! document {
    ($($title:literal { $($query:expr;)+ })+) => {{
        let mut text = String::new();
        $(
            text += &format!("\n## {}\n", $title);
            $(
                let source: String = stringify!($query).split_whitespace().collect::<Vec<_>>().join(" ");
                text += &format!("{source}\n    {}\n", Query::from($query).0);
            )+
        )+
        text
    }};
}

struct Query(ImportQuery);

impl From<Filter> for Query {
    fn from(filter: Filter) -> Self {
        Self(ImportQuery::new().filter(filter))
    }
}

impl From<ImportQuery> for Query {
    fn from(query: ImportQuery) -> Self {
        Self(query)
    }
}

fn q() -> ImportQuery {
    ImportQuery::new()
}

#[test]
#[allow(clippy::too_many_lines, reason = "it is a document")]
fn every_operator_as_it_is_sent() {
    let id = Uuid::from_u128(0x38d8_89d2_b47a_4c1d_8a3a_b343_ac33_3b68);
    let time: chrono::DateTime<chrono::Utc> = "2025-01-01T01:37:00.000001+01:00".parse().unwrap();
    let tags = Column::<Vec<String>>::named("tags");
    let document = document! {
        "Comparisons" {
            ID.eq(id);
            TOTAL_COUNT.neq(5);
            TOTAL_COUNT.gt(-1);
            TOTAL_COUNT.gte(0);
            TYPE.lt(ImportType::AppointmentDetails);
            CREATED_AT.lte(time);
            REFERENCE_ID.is_distinct_from("a");
            REFERENCE_ID.eq("");
            REFERENCE_ID.eq("null");
            REFERENCE_ID.eq(r#"a,b "c" \ (d) 50%+1&x=ü*"#);
        }
        "NULL and truth" {
            TOTAL_COUNT.is_null();
            TOTAL_COUNT.is_not_null();
            Column::<bool>::named("allow_deal_reassignment").is_true();
            !Column::<bool>::named("allow_deal_reassignment").is_false();
        }
        "Lists" {
            ID.in_([id]);
            REFERENCE_ID.in_(["hi,there", r#"yes "you""#, r"a\b", ""]);
            REFERENCE_ID.in_([""]);
            REFERENCE_ID.in_([] as [&str; 0]);
            REFERENCE_ID.not_in(["a"]);
            REFERENCE_ID.not_in_or_null(["a"]);
            TYPE.in_([ImportType::DealDetails, ImportType::from("lead_details")]);
        }
        "Patterns" {
            REFERENCE_ID.like("ERP-*");
            REFERENCE_ID.like("ERP-%_");
            REFERENCE_ID.ilike("*müller*");
            !REFERENCE_ID.like("ERP-*");
            REFERENCE_ID.contains("50%");
            REFERENCE_ID.contains_ignoring_case("a_b");
            REFERENCE_ID.starts_with(r"back\slash");
            REFERENCE_ID.ends_with("");
            REFERENCE_ID.contains("2*3");
            REFERENCE_ID.like(r"2\*3");
            REFERENCE_ID.like("ends\\");
            REFERENCE_ID.eq("a\0b");
        }
        "JSON" {
            PAYLOAD.eq(serde_json::json!({}));
            PAYLOAD.contains(serde_json::json!([{"tags": ["vip"]}]));
            PAYLOAD.contained_by(serde_json::json!({"source": "erp", "n": 1}));
            PAYLOAD.text("source").eq("erp");
            PAYLOAD.json("n").gt(serde_json::json!(1));
            PAYLOAD.json(0).text("e-mail").like("*@contact.com");
            PAYLOAD.json("a.b").json(-1).text("7").eq("x");
        }
        "Arrays" {
            tags.contains(["vip", "a b", "NULL", "", r#""{}"#]);
            tags.contained_by(["vip"]);
            tags.eq(vec!["a", "b,c"]);
        }
        "Operators that hellomateo doesn't document" {
            REFERENCE_ID.matches("^ERP-[0-9]+$");
            REFERENCE_ID.imatches("^erp");
            REFERENCE_ID.eq_any(["abc", "a,b"]);
            REFERENCE_ID.like_any(["ERP-*", "a*"]);
            REFERENCE_ID.like_all(["*a*", "*b*"]);
            REFERENCE_ID.ilike_any(["erp-*", "ABC"]);
            REFERENCE_ID.ilike_all(["erp-*"]);
        }
        "Combinations" {
            TOTAL_COUNT.gte(1).and(TOTAL_COUNT.lte(50));
            TOTAL_COUNT.eq(0).or(TOTAL_COUNT.is_null());
            !(TOTAL_COUNT.eq(0).or(TOTAL_COUNT.is_null()));
            !!TOTAL_COUNT.eq(0);
            TYPE.eq(ImportType::DealDetails).and(TOTAL_COUNT.gt(10)).or(REFERENCE_ID.like("ERP*"));
            (!TYPE.eq(ImportType::DealDetails).and(TOTAL_COUNT.gt(10))).or(REFERENCE_ID.in_(["a,b", "c"]));
            Filter::any([REFERENCE_ID.eq(r#"a"b"#), REFERENCE_ID.contains(r"c\d"), REFERENCE_ID.not_in([""])]);
            Filter::all([]);
            Filter::any([]);
            PAYLOAD.contains(serde_json::json!({"a": "b\"c"})).or(tags.contains(["x y"]));
        }
        "Names" {
            Column::<i32>::named("hints").eq(1);
            Column::<i32>::named("order").eq(1);
            Column::<i32>::named("a.b").eq(1);
            Column::<i32>::named("or").eq(1).or(Column::<i32>::named("not").eq(2));
            Column::<i32>::named(r#"we"ird, (name)"#).eq(1);
        }
        "Columns of the response" {
            q().select(Select::all().and(ID).and(TYPE));
            q().select(Select::all().and(TOTAL_COUNT.alias("n")).and(TOTAL_COUNT.cast("text").alias("t")));
            q().select(Select::all().and(SelectItem::star()).and(PAYLOAD.json(0).text("email").alias("mail")));
        }
        "Order" {
            q().order(CREATED_AT.desc()).order(ID.asc());
            q().order(TOTAL_COUNT.asc().nulls_first()).order(FAILED_COUNT.desc().nulls_last());
            q().order(TOTAL_COUNT.asc().nulls_last()).order(PAYLOAD.text("source").asc());
        }
        "Pages" {
            q().limit(20);
            q().limit(20).offset(40);
            q().range(Range::new(0, Some(19)).unwrap());
            q().filter(FAILED_COUNT.gt(0)).order(CREATED_AT.desc()).select(Select::all().and(ID)).limit(5);
        }
    };
    insta::assert_snapshot!(document);
}
