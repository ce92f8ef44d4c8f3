//! How often memory is asked for where it must not be often.

use std::alloc::System;

use mateo_model::{ImportQuery, ImportType, Select, columns::*};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The only test of this file: other threads' allocations would count too.

#[test]
fn a_query_is_printed_into_one_allocation() {
    let query = ImportQuery::new()
        .filter(FAILED_COUNT.gt(0))
        .filter(TYPE.eq(ImportType::ContactDetails))
        .filter(REFERENCE_ID.starts_with("ERP-2025, \"nightly\""))
        .filter(REFERENCE_ID.in_(["a,b", "c (d)", "müller"]))
        .filter(SUCCESS_COUNT.is_null().or(SUCCESS_COUNT.gte(100)))
        .select(Select::all().and(ID).and(PAYLOAD.text("source").alias("source")))
        .order(CREATED_AT.desc())
        .limit(50);
    let region = Region::new(ALLOCATOR);
    let text = query.to_query_string().unwrap();
    let asked = region.change();
    assert_eq!((asked.allocations, asked.reallocations), (1, 0));
    assert!(
        text.capacity() < 4 * text.len(),
        "{} for {}",
        text.capacity(),
        text.len()
    );
}
