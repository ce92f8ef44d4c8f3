//! A run: what changed is read and applied page by page, and then the copy is compared with the server.

mod prove;

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use futures_util::future::join;
use mateo_imports::columns::{ORGANISATION_ID, UPDATED_AT};
use mateo_imports::{ChangesCursor, Client, Filter, ListRequest, Progress as Counts, RawJson};
use uuid::Uuid;

use crate::error::Error;
use crate::report::{Progress, Report};
use crate::row::{Row, Value};
use crate::store::{Batch, State, Store};

/// Keeps a copy of the imports that a client sees.
///
/// Each [run](Syncer::run) reads what changed since the last one, at first everything, applies each page with the cursor
/// after it in one transaction, and then compares counts with the server: for what was created before the run began,
/// the copy holds as many imports as there are, or the report says what differs. Where they differ, the imports that
/// vanished are found and marked as deleted, and those that the copy lacks are read.
///
/// A run that is dropped, or whose process is killed, is gone on with by the next one.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use mateo_sync::{SqliteStore, Syncer};
///
/// let mut sync = Syncer::new(client, SqliteStore::open("imports.db", "")?);
/// let report = sync.run().await?;
/// println!("{report}"); // 30,000 imports, complete at 10:00:03Z
/// # Ok(())
/// # }
/// ```
pub struct Syncer<S> {
    client: Client,
    store: S,
    failures_are_news: bool,
    allow_empty: bool,
    observer: Option<Observer>,
    progress: Progress,
}

type Observer = Box<dyn FnMut(&Progress) + Send>;

/// What a run would do, as far as two requests tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// How many rows it would read, at least.
    pub rows: u64,
    /// How many requests that takes.
    pub requests: u64,
    /// How many imports the server has.
    pub server: u64,
}

/// Rows a page has.
const PAGE: u64 = 50;

impl<S: Store> Syncer<S> {
    /// A copy in `store` of the imports that `client` sees.
    pub fn new(client: Client, store: S) -> Self {
        Self {
            client,
            store,
            failures_are_news: false,
            allow_empty: false,
            observer: None,
            progress: Progress::default(),
        }
    }

    /// Whether imports that finish with failures are kept to be [reported](Syncer::unreported): off unless set. Those
    /// that had when the copy was first filled never are.
    #[must_use]
    pub fn report_failures(mut self, report: bool) -> Self {
        self.failures_are_news = report;
        self
    }

    /// Whether a server without any import is believed: off unless set, since a key of another organisation may look
    /// like that. When it is on, all imports of the copy are marked as deleted.
    #[must_use]
    pub fn allow_empty(mut self, allow: bool) -> Self {
        self.allow_empty = allow;
        self
    }

    /// Tells `observer` how far a run is, after each page and each other request.
    #[must_use]
    pub fn on_progress(mut self, observer: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// The store.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Brings the copy up to date, and compares it with the server.
    ///
    /// Where nothing changed that takes two requests: one that reads no row, and one that counts.
    ///
    /// # Errors
    ///
    /// See [`Error`]. That the counts differ is no error, but said by the [`Report`].
    pub async fn run(&mut self) -> Result<Report, Error> {
        self.progress = Progress::default();
        let mut report = Report::default();
        let mut state = self.store.state().await?;
        // Until a row says so, it isn't known whether the key is of the copy's organisation.
        let mut is_known = state.organisations.is_empty();
        let cursor = state.cursor.clone().unwrap_or_else(ChangesCursor::beginning);
        let mut pages = self
            .client
            .changes(cursor)
            .deserialize_as::<RawJson>()
            .once()
            .pages();
        let mut batch: Option<Batch> = None;
        loop {
            // The next page is fetched while the one before is applied.
            let page = if let Some(batch) = batch.take() {
                let rows = batch.rows.len() as u64;
                let (applied, page) = join(self.store.apply(batch), pages.try_next()).await;
                applied?;
                self.progress.applied += rows;
                report.applied += rows;
                page?
            } else {
                pages.try_next().await?
            };
            let Some(page) = page else { break };
            self.progress.requests += 1;
            self.progress.expected = page.expected;
            report.at = page.watermark.unwrap_or(report.at);
            for bad in &page.bad_rows {
                report.bad(&bad.to_string());
            }
            let mut next = self.batch(&page.rows, report.at, &state, &mut report);
            is_known |= self.check_organisations(&mut state, &next.rows).await?;
            state.cursor = Some(page.cursor);
            state.filled |= page.completes_pass;
            // Without a row, the cursor of a key that sees other imports would pass over the copy's own: the count
            // says first whose key it is.
            if is_known || !next.rows.is_empty() {
                next.state = Some(state.clone());
            }
            batch = Some(next);
            self.tell();
        }
        self.prove(&mut state, &mut report).await?;
        report.requests = self.progress.requests;
        Ok(report)
    }

    /// At most `limit` imports that finished with failures and were not [reported](Syncer::reported), as lines of JSON
    /// with their ids.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn unreported(&mut self, limit: u64) -> Result<Vec<(Uuid, String)>, Error> {
        let rows = self.store.unreported(limit).await?;
        let columns = self.store.columns();
        Ok(rows.iter().map(|row| (row.id, row.to_json(columns))).collect())
    }

    /// Takes note that an import was reported: it never is again.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn reported(&mut self, id: Uuid, at: DateTime<Utc>) -> Result<(), Error> {
        let batch = Batch {
            reported: vec![id],
            at,
            ..Batch::default()
        };
        Ok(self.store.apply(batch).await?)
    }

    /// The rows as they are applied. Texts that are no rows are noted in the report.
    fn batch(&self, rows: &[RawJson], at: DateTime<Utc>, state: &State, report: &mut Report) -> Batch {
        let columns = self.store.columns();
        let mut batch = Batch {
            at,
            failed_is_news: self.failures_are_news && state.filled,
            ..Batch::default()
        };
        for row in rows {
            match Row::read(row.as_str(), columns) {
                Ok(row) => {
                    let count = |name| match row.value(columns, name) {
                        Some(Value::Integer(count)) => Some(*count),
                        _ => None,
                    };
                    let counts = Counts::from_counts(
                        count("total_count"),
                        count("success_count"),
                        count("failed_count"),
                    );
                    if counts.is_finished() && counts.has_failures() {
                        batch.failed.push(row.id);
                    }
                    batch.rows.push(row);
                }
                Err(error) => report.bad(&error.to_string()),
            }
        }
        batch
    }

    /// Adds the rows' organisations to the copy's, if the key is one that sees those. Whether that is known now.
    async fn check_organisations(&mut self, state: &mut State, rows: &[Row]) -> Result<bool, Error> {
        let columns = self.store.columns();
        let organisation = |row: &Row| match row.value(columns, "organisation_id") {
            Some(Value::Uuid(id)) => Some(*id),
            _ => None,
        };
        let found: BTreeSet<Uuid> = rows.iter().filter_map(organisation).collect();
        let Some(first) = found.first() else {
            return Ok(false);
        };
        if let Some(copy) = state.organisations.first()
            && state.organisations.is_disjoint(&found)
        {
            // A key may see several organisations.
            self.progress.requests += 1;
            let of_copy = ORGANISATION_ID.in_(state.organisations.iter().copied());
            if self.client.list().filter(of_copy).count().await? == 0 {
                return Err(Error::OtherOrganisation {
                    key: *first,
                    copy: *copy,
                });
            }
        }
        state.organisations.extend(found);
        Ok(true)
    }

    fn tell(&mut self) {
        if let Some(observer) = &mut self.observer {
            observer(&self.progress);
        }
    }
}

impl Report {
    fn bad(&mut self, what: &str) {
        self.bad += 1;
        if self.bad_rows.len() < Self::SHOWN {
            self.bad_rows.push(what.to_owned());
        }
    }
}

impl Plan {
    /// What a run would do for a copy in this state that holds so many rows. Two requests; nothing is written.
    ///
    /// # Errors
    ///
    /// [`Error::Client`].
    pub async fn of(client: &Client, state: &State, copy: u64) -> Result<Self, Error> {
        let count = async |filter: Option<Filter>| {
            let list = client.list();
            filter.into_iter().fold(list, ListRequest::filter).count().await
        };
        let server = count(None).await?;
        let watermark = state.cursor.as_ref().and_then(ChangesCursor::watermark);
        let rows = match watermark {
            Some(watermark) if state.filled => count(Some(UPDATED_AT.gte(watermark))).await?,
            // Within the first pass: what was read then is not read again.
            _ => server.saturating_sub(copy),
        };
        Ok(Self {
            rows,
            requests: rows.div_ceil(PAGE).max(1) + 1,
            server,
        })
    }
}

impl<S> fmt::Debug for Syncer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Syncer")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
