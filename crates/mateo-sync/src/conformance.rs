//! The tests that every [`Store`] must pass; the feature `conformance`.
//!
//! ```no_run
//! use mateo_sync::conformance::{self, Stores};
//! use mateo_sync::{SqliteStore, StoreError};
//!
//! struct Directory(std::path::PathBuf);
//!
//! impl Stores for Directory {
//!     type Store = SqliteStore;
//!
//!     async fn open(&self, copy: &str) -> Result<SqliteStore, StoreError> {
//!         SqliteStore::open(self.0.join(copy), "")
//!     }
//! }
//!
//! # async fn example(directory: std::path::PathBuf) -> Result<(), conformance::Broken> {
//! conformance::check(&Directory(directory)).await?;
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use mateo_imports::ChangesCursor;
use uuid::Uuid;

use crate::columns::Columns;
use crate::row::{Row, Value};
use crate::store::{Batch, Span, State, Store, StoreError, StoreErrorKind, StoredRow};

/// A place where copies can be made and opened again.
pub trait Stores {
    /// What is opened.
    type Store: Store;

    /// Opens the copy of that name, a word of letters and `_`; makes it where there is none.
    fn open(&self, copy: &str) -> impl Future<Output = Result<Self::Store, StoreError>>;
}

/// A rule of the [contract](Store#contract) that a store breaks.
#[derive(Debug, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct Broken {
    rule: &'static str,
    what: String,
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self {
            rule: "a store does what it is asked to",
            what: error.to_string(),
        }
    }
}

/// Checks the contract, on copies whose names begin with `conformance_` and that must not be there yet.
///
/// # Errors
///
/// The first rule that is broken.
pub async fn check<S: Stores>(stores: &S) -> Result<(), Broken> {
    a_new_copy_is_empty(stores).await?;
    what_is_applied_is_read_back(stores).await?;
    a_row_replaces_the_row_with_its_id(stores).await?;
    counts_are_of_a_span_and_a_time(stores).await?;
    a_batch_is_applied_as_a_whole(stores).await?;
    failures_are_news_until_they_are_reported(stores).await?;
    a_copy_has_one_writer(stores).await?;
    a_dropped_batch_is_applied_or_not(stores).await
}

fn same<T: PartialEq + fmt::Debug>(rule: &'static str, is: &T, expected: &T) -> Result<(), Broken> {
    if is == expected {
        return Ok(());
    }
    Err(Broken {
        rule,
        what: format!("expected {expected:?}, got {is:?}"),
    })
}

/// Rows whose JSON is written in one way.
fn plain(rows: Vec<StoredRow>) -> Vec<StoredRow> {
    rows.into_iter()
        .map(|stored| StoredRow {
            row: plain_row(stored.row),
            ..stored
        })
        .collect()
}

fn plain_row(mut row: Row) -> Row {
    let rewrite = |json: &mut String| {
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(json) {
            *json = value.to_string();
        }
    };
    for value in &mut row.values {
        if let Value::Json(json) = value {
            rewrite(json);
        }
    }
    row.extra.iter_mut().for_each(rewrite);
    row
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds) + TimeDelta::microseconds(7)
}

fn id(number: u128) -> Uuid {
    // Spread over all ids, not in the order of the numbers.
    Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

/// Row `number`, created that many seconds after the others' beginning, with something of everything.
fn row(number: u32, columns: &Columns) -> Row {
    let fields = serde_json::json!({
        "id": id(number.into()),
        "created_at": time(number.into()),
        "updated_at": time(number.into()),
        "organisation_id": id(1_000_000),
        "type": "contact_details",
        "payload": [{ "n": number, "text": "a 'b' \"c\" \\ é \u{1F600}" }],
        "contact_list_id": number.is_multiple_of(2).then(|| id(number.into())),
        "total_count": number,
        "success_count": null,
        "failed_count": "not a number",
        "reference_id": format!("it's \"{number}\"; --"),
        "newer": { "since": number },
    });
    // It has an id.
    Row::read(&fields.to_string(), columns).unwrap_or_else(|_| Row {
        id: Uuid::nil(),
        values: Vec::new(),
        extra: None,
    })
}

fn batch(rows: Vec<Row>) -> Batch {
    Batch {
        rows,
        at: time(1_000),
        ..Batch::default()
    }
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| row.id);
    rows
}

async fn a_new_copy_is_empty<S: Stores>(stores: &S) -> Result<(), Broken> {
    let rule = "a new copy is empty";
    let mut store = stores.open("conformance_new").await?;
    same(rule, &store.state().await?, &State::default())?;
    same(rule, &store.rows(None, 10).await?, &Vec::new())?;
    same(rule, &store.count(Span::ALL, time(0)).await?, &0)?;
    same(rule, &store.unreported(10).await?, &Vec::new())
}

async fn what_is_applied_is_read_back<S: Stores>(stores: &S) -> Result<(), Broken> {
    let rule = "what is applied is read back, also after the copy is opened again";
    let mut store = stores.open("conformance_read").await?;
    let columns = store.columns().clone();
    let rows: Vec<Row> = (1..=120).map(|number| row(number, &columns)).collect();
    let state = State {
        cursor: Some(ChangesCursor::since(time(5))),
        organisations: [id(1), id(2)].into(),
        filled: true,
        proven_at: Some(time(6)),
    };
    let mut applied = batch(rows.clone());
    applied.state = Some(state.clone());
    store.apply(applied).await?;
    drop(store);
    let mut store = stores.open("conformance_read").await?;
    same(rule, &store.state().await?, &state)?;
    let expected: Vec<StoredRow> = sorted(rows)
        .into_iter()
        .map(|row| StoredRow {
            row,
            synced_at: time(1_000),
            deleted_at: None,
        })
        .collect();
    same(
        rule,
        &plain(store.rows(None, 1_000).await?),
        &plain(expected.clone()),
    )?;
    let after = expected.get(99).map(|stored| stored.row.id);
    let page = expected.get(100..110).unwrap_or_default().to_vec();
    let rows = store.rows(after, 10).await?;
    same("rows come in pages", &plain(rows), &plain(page))?;
    store.apply(batch(Vec::new())).await?;
    same("a batch without a state keeps it", &store.state().await?, &state)
}

async fn a_row_replaces_the_row_with_its_id<S: Stores>(stores: &S) -> Result<(), Broken> {
    let rule = "a row replaces the row with its id, and is no longer deleted";
    let mut store = stores.open("conformance_replace").await?;
    let columns = store.columns().clone();
    let old = row(1, &columns);
    store.apply(batch(vec![old.clone(), row(2, &columns)])).await?;
    let deleted = Batch {
        deleted: vec![old.id, id(77)],
        at: time(2_000),
        ..Batch::default()
    };
    store.apply(deleted).await?;
    let found = store.rows(None, 10).await?;
    let row = found.iter().find(|stored| stored.row.id == old.id);
    same(
        "a deleted row is kept, with the time",
        &row.and_then(|stored| stored.deleted_at),
        &Some(time(2_000)),
    )?;
    same("an id that isn't there can be deleted", &found.len(), &2)?;
    // An earlier `updated_at`: a transaction that began earlier committed later.
    let mut new = self::row(0, &columns);
    new.id = old.id;
    if let (Some(value), Some(id)) = (new.values.first_mut(), old.values.first()) {
        *value = id.clone();
    }
    new.extra = None;
    store.apply(batch(vec![new.clone()])).await?;
    let found = plain(store.rows(None, 10).await?);
    let row = found.into_iter().find(|stored| stored.row.id == old.id);
    let expected = StoredRow {
        row: plain_row(new),
        synced_at: time(1_000),
        deleted_at: None,
    };
    same(rule, &row, &Some(expected))
}

async fn counts_are_of_a_span_and_a_time<S: Stores>(stores: &S) -> Result<(), Broken> {
    let rule = "counts and ids are of a span, a time, and rows that are not deleted";
    let mut store = stores.open("conformance_count").await?;
    let columns = store.columns().clone();
    let rows: Vec<Row> = (0..100).map(|number| row(number, &columns)).collect();
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    ids.sort_unstable();
    store.apply(batch(rows)).await?;
    same(rule, &store.count(Span::ALL, time(100)).await?, &100)?;
    same(rule, &store.count(Span::ALL, time(40)).await?, &40)?;
    let span = Span {
        from: ids.get(10).copied(),
        to: ids.get(30).copied(),
    };
    same(rule, &store.count(span, time(100)).await?, &20)?;
    let expected = ids.get(10..13).unwrap_or_default();
    same(rule, &store.ids(span, time(100), 3).await?.as_slice(), &expected)?;
    same(
        "the middle is in the middle",
        &store.middle(span).await?,
        &ids.get(20).copied(),
    )?;
    let one = Span {
        from: span.from,
        to: ids.get(11).copied(),
    };
    same("one row has no middle", &store.middle(one).await?, &None)?;
    let deleted = Batch {
        deleted: ids.get(10..12).unwrap_or_default().to_vec(),
        ..Batch::default()
    };
    store.apply(deleted).await?;
    same(rule, &store.count(span, time(100)).await?, &18)?;
    let expected = ids.get(12..30).unwrap_or_default();
    same(rule, &store.ids(span, time(100), 50).await?.as_slice(), &expected)
}

async fn a_batch_is_applied_as_a_whole<S: Stores>(stores: &S) -> Result<(), Broken> {
    let rule = "a batch that can't be applied changes nothing";
    let mut store = stores.open("conformance_whole").await?;
    let columns = store.columns().clone();
    let mut broken = row(2, &columns);
    broken.values.pop();
    let mut applied = batch(vec![row(1, &columns), broken]);
    applied.failed = vec![id(1)];
    applied.failed_is_news = true;
    applied.state = Some(State {
        filled: true,
        ..State::default()
    });
    if store.apply(applied).await.is_ok() {
        return Err(Broken {
            rule,
            what: "a row without one of its values was applied".to_owned(),
        });
    }
    same(rule, &store.rows(None, 10).await?, &Vec::new())?;
    same(rule, &store.state().await?, &State::default())?;
    store.apply(batch(vec![row(1, &columns)])).await?;
    same(rule, &store.unreported(10).await?, &Vec::new())
}

async fn failures_are_news_until_they_are_reported<S: Stores>(stores: &S) -> Result<(), Broken> {
    let rule = "a row that failed is news once, until it is reported";
    let mut store = stores.open("conformance_failed").await?;
    let columns = store.columns().clone();
    let rows: Vec<Row> = (1..=3).map(|number| row(number, &columns)).collect();
    let mut first = batch(rows.clone());
    first.failed = vec![id(1)];
    store.apply(first).await?;
    same(rule, &store.unreported(10).await?, &Vec::new())?;
    let mut second = batch(rows.clone());
    second.failed = vec![id(1), id(3), id(2)];
    second.failed_is_news = true;
    store.apply(second.clone()).await?;
    drop(store);
    let mut store = stores.open("conformance_failed").await?;
    let news = [rows.get(2), rows.get(1)].map(Option::<&Row>::cloned);
    let news: Vec<Row> = news.into_iter().flatten().map(plain_row).collect();
    let unreported = async |store: &mut S::Store| {
        let rows = store.unreported(10).await?;
        Ok::<Vec<Row>, StoreError>(rows.into_iter().map(plain_row).collect())
    };
    same(rule, &unreported(&mut store).await?, &news)?;
    second.reported = vec![id(3)];
    store.apply(second).await?;
    let left = news.get(1..).unwrap_or_default();
    same(rule, &unreported(&mut store).await?.as_slice(), &left)
}

async fn a_copy_has_one_writer<S: Stores>(stores: &S) -> Result<(), Broken> {
    let rule = "a copy has one writer";
    let store = stores.open("conformance_lock").await?;
    let second = stores.open("conformance_lock").await.map(drop);
    same(
        rule,
        &second.map_err(|error| error.kind()),
        &Err(StoreErrorKind::InUse),
    )?;
    let other = stores.open("conformance_other").await?;
    drop((store, other));
    stores.open("conformance_lock").await?;
    Ok(())
}

async fn a_dropped_batch_is_applied_or_not<S: Stores>(stores: &S) -> Result<(), Broken> {
    let rule = "a batch whose future is dropped is applied as a whole or not at all";
    let mut store = stores.open("conformance_drop").await?;
    let columns = store.columns().clone();
    for round in 0..20_u32 {
        let rows = (0..10).map(|number| row(round * 10 + number, &columns)).collect();
        {
            let mut apply = std::pin::pin!(store.apply(batch(rows)));
            let mut polls = 0;
            std::future::poll_fn(|cx| {
                polls += 1;
                match apply.as_mut().poll(cx) {
                    std::task::Poll::Pending if polls <= round => std::task::Poll::Pending,
                    _ => std::task::Poll::Ready(()),
                }
            })
            .await;
        }
        if let Ok(count) = store.count(Span::ALL, time(10_000)).await {
            same(rule, &(count % 10), &0)?;
        } else {
            // A store may ask to be opened again.
            drop(store);
            store = stores.open("conformance_drop").await?;
            let count = store.count(Span::ALL, time(10_000)).await?;
            same(rule, &(count % 10), &0)?;
        }
    }
    Ok(())
}
