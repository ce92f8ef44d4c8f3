//! How long printing a query takes, beside `form_urlencoded::Serializer` fed with ready-made strings.
//!
//! `cargo bench -p mateo-model --bench query`: medians of several runs, both in turn.

#![allow(
    clippy::print_stdout,
    clippy::wildcard_imports,
    reason = "the table is what a bench is for, and the columns are used as their users do"
)]

use std::hint::black_box;
use std::time::Instant;

use mateo_model::{ImportQuery, ImportType, Select, columns::*};

const RUNS: usize = 41;
const EACH: u32 = 20_000;

fn main() {
    let query = ImportQuery::new()
        .filter(FAILED_COUNT.gt(0))
        .filter(TYPE.eq(ImportType::ContactDetails))
        .filter(REFERENCE_ID.starts_with("ERP-2025, \"nightly\""))
        .filter(TOTAL_COUNT.lte(25_000))
        .filter(REFERENCE_ID.in_(["a,b", "c (d)", "müller"]))
        .filter(SUCCESS_COUNT.is_null().or(SUCCESS_COUNT.gte(100)))
        .select(Select::all().and(ID).and(TYPE).and(TOTAL_COUNT).and(REFERENCE_ID))
        .order(CREATED_AT.desc())
        .order(ID.asc());
    let ours = query.to_query_string().unwrap_or_default();
    let pairs = [
        ("failed_count", "gt.0"),
        ("type", "eq.contact_details"),
        ("reference_id", r#"like.ERP-2025, "nightly"%"#),
        ("total_count", "lte.25000"),
        ("reference_id", r#"in.("a,b","c (d)","müller")"#),
        ("or", r#"(success_count.is.null,success_count.gte."100")"#),
        ("select", "id,type,total_count,reference_id"),
        ("order", "created_at.desc,id"),
    ];

    let (mut model, mut form) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        model.push(nanoseconds(|| {
            black_box(&query)
                .to_query_string()
                .map_or(0, |text| black_box(text).len())
        }));
        form.push(nanoseconds(|| {
            let mut serializer = form_urlencoded::Serializer::new(String::new());
            serializer.extend_pairs(black_box(&pairs));
            black_box(serializer.finish()).len()
        }));
    }
    let ratio = median(
        model
            .iter()
            .zip(&form)
            .map(|(model, form)| model / form)
            .collect(),
    );
    println!(
        "a query with six filters, a select and an order, {} bytes",
        ours.len()
    );
    println!("{:<34} {:>9.0} ns", "mateo-model", median(model));
    println!(
        "{:<34} {:>9.0} ns",
        "form_urlencoded, ready-made strings",
        median(form)
    );
    println!("{:<34} {ratio:>9.2}", "ratio (median of the pairs)");
}

fn nanoseconds(mut work: impl FnMut() -> usize) -> f64 {
    let start = Instant::now();
    for _ in 0..EACH {
        black_box(work());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(EACH)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
