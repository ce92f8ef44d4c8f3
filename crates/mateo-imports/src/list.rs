//! Listing: the request, the stream of rows, the stream of pages.

mod reader;
mod rows;

use std::marker::PhantomData;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use mateo_http::deadline_after;
use mateo_model::{
    BadRow, Filter, Import, ImportQuery, Order, Page, Select,
    driver::{Listing, ListingCursor, PAGE_ROWS},
};
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::error::Error;
use crate::items::BadRows;
pub(crate) use reader::{Arrived, Reader};
pub use rows::{Pages, Rows};

/// A listing to be read: all imports, unless it is narrowed.
///
/// The rows are of type `T`: [`Import`] unless [`select`](ListRequest::select) or
/// [`deserialize_as`](ListRequest::deserialize_as) says otherwise.
///
/// `R` is what runs it: nothing for the async client, whose requests end in futures and streams, and its runtime for the
/// `blocking` client, whose end in values and iterators.
///
/// ```no_run
/// use mateo_imports::{Client, columns::*};
///
/// #[derive(serde::Deserialize)]
/// struct Mine {
///     id: uuid::Uuid,
///     reference_id: Option<String>,
/// }
///
/// # async fn example(client: Client) -> Result<(), mateo_imports::Error> {
/// let mut rows = client.list().filter(FAILED_COUNT.gt(0)).order(CREATED_AT.desc()).select::<Mine>().stream();
/// while let Some(row) = rows.try_next().await? {
///     println!("{} {:?}", row.id, row.reference_id);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
#[derive(Debug)]
pub struct ListRequest<T = Import, R = ()> {
    settings: Settings,
    runtime: R,
    rows: PhantomData<fn() -> T>,
}

#[derive(Debug)]
struct Settings {
    connection: Connection,
    query: ImportQuery,
    cursor: Option<ListingCursor>,
    page_rows: u64,
    counted: bool,
    prefetch: bool,
    timeout: Option<Duration>,
    bad_rows: BadRows,
}

impl ListRequest {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            settings: Settings {
                connection,
                query: ImportQuery::new(),
                cursor: None,
                page_rows: PAGE_ROWS,
                counted: true,
                prefetch: true,
                timeout: None,
                bad_rows: BadRows::default(),
            },
            runtime: (),
            rows: PhantomData,
        }
    }
}

impl<T, R> ListRequest<T, R> {
    /// Lists this query, in place of what was said before.
    pub fn query(mut self, query: ImportQuery) -> Self {
        self.settings.query = query;
        self
    }

    /// Only imports that also meet `filter`.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.settings.query = self.settings.query.filter(filter);
        self
    }

    /// In this order, and within the orders given before; `id` breaks ties. Without an order it is by `id`.
    pub fn order(mut self, order: Order) -> Self {
        self.settings.query = self.settings.query.order(order);
        self
    }

    /// At most `rows` imports in all.
    pub fn limit(mut self, rows: u64) -> Self {
        self.settings.query = self.settings.query.limit(rows);
        self
    }

    /// Without the first `rows` imports.
    pub fn offset(mut self, rows: u64) -> Self {
        self.settings.query = self.settings.query.offset(rows);
        self
    }

    /// Only these columns.
    pub fn columns(mut self, columns: Select) -> Self {
        self.settings.query = self.settings.query.select(columns);
        self
    }

    /// Only the columns that the fields of `U` are read from, as rows of type `U`.
    ///
    /// ```no_run
    /// #[derive(serde::Deserialize)]
    /// struct Counts {
    ///     failed_count: Option<i32>,
    /// }
    ///
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let counts = client.list().select::<Counts>().all().await?;
    /// let failed: i64 = counts.iter().filter_map(|row| row.failed_count).map(i64::from).sum();
    /// # Ok(())
    /// # }
    /// ```
    pub fn select<U: DeserializeOwned>(self) -> ListRequest<U, R> {
        self.columns(Select::fields_of::<U>()).deserialize_as()
    }

    /// The same rows as another type: any that serde reads, or [`RawJson`](crate::RawJson) for the text of each
    /// row as the server sent it.
    ///
    /// ```no_run
    /// use mateo_imports::RawJson;
    ///
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().deserialize_as::<RawJson>().stream();
    /// while let Some(row) = rows.try_next().await? {
    ///     println!("{row}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn deserialize_as<U>(self) -> ListRequest<U, R> {
        ListRequest {
            settings: self.settings,
            runtime: self.runtime,
            rows: PhantomData,
        }
    }

    /// The same, to be run by `runtime`, and what it was to be run by before.
    #[cfg(feature = "blocking")]
    pub(crate) fn run_by<S>(self, runtime: S) -> (ListRequest<T, S>, R) {
        let request = ListRequest {
            settings: self.settings,
            runtime,
            rows: PhantomData,
        };
        (request, self.runtime)
    }

    /// Goes on where [`Rows::cursor`] was taken. A cursor of another query is an error of the first row.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, saved: mateo_imports::ListingCursor)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut rest = client.list().resume(saved).stream(); // the same query as when it was saved
    /// while let Some(import) = rest.try_next().await? {
    ///     println!("{}", import.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(mut self, cursor: ListingCursor) -> Self {
        self.settings.cursor = Some(cursor);
        self
    }

    /// Asks for `rows` rows a page rather than 50.
    pub fn page_rows(mut self, rows: u64) -> Self {
        self.settings.page_rows = rows;
        self
    }

    /// Whether the server is asked how many rows there are, which progress needs and the end of a listing is
    /// cheaper with. On unless switched off.
    pub fn counted(mut self, counted: bool) -> Self {
        self.settings.counted = counted;
        self
    }

    /// Whether the next page is fetched while the rows of this one are taken. At most one is, and none before
    /// the second row of a page is asked for. On unless switched off.
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.settings.prefetch = prefetch;
        self
    }

    /// How long the whole listing may take, from its first poll; waits for the budget included. [`Rows::retry`] begins it anew.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let listed = client.list().timeout(Duration::from_secs(60)).all().await;
    /// if listed.is_err_and(|error| error.is_timeout()) {
    ///     eprintln!("not complete within a minute");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Hands rows that can't be read to `handler`, each once. Without it, such a row is an error: of the stream, which goes on
    /// after it, and of [`all`](ListRequest::all), which doesn't. The [pages](ListRequest::pages) have them in `bad_rows` and
    /// don't call it.
    pub fn on_bad_row(mut self, handler: impl FnMut(BadRow) + Send + 'static) -> Self {
        self.settings.bad_rows = BadRows::to(handler);
        self
    }
}

impl<T: DeserializeOwned> ListRequest<T> {
    /// The rows, page after page, until the listing is complete.
    ///
    /// Nothing is sent before the stream is polled. It ends after an error; see [`Rows`].
    pub fn stream(mut self) -> Rows<T> {
        let bad_rows = std::mem::take(&mut self.settings.bad_rows);
        Rows::new(self.pages(), bad_rows)
    }

    /// The pages, each with the rows that could not be read apart.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// while let Some(page) = pages.try_next().await? {
    ///     println!("{} rows, and {} that could not be read", page.rows.len(), page.bad_rows.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages(self) -> Pages<T> {
        let mut listing = Listing::new(self.settings.query.clone());
        let mut rejected = None;
        match self
            .settings
            .cursor
            .map(|cursor| Listing::resume(self.settings.query, &cursor))
        {
            Some(Ok(resumed)) => listing = resumed,
            Some(Err(error)) => rejected = Some(error),
            None => {}
        }
        listing = listing.page_rows(self.settings.page_rows);
        if !self.settings.counted {
            listing.disable_count();
        }
        let operation = tracing::debug_span!("mateo.list", otel.kind = "internal");
        let reader =
            Reader::new(self.settings.connection.within(operation), listing).timeout(self.settings.timeout);
        Pages::new(reader, rejected, self.settings.prefetch)
    }

    /// One page: the first, or the one that the cursor, the limit and the offset say.
    ///
    /// # Errors
    ///
    /// See [`Error`]. Rows that can't be read are no error of the page.
    pub async fn page(self) -> Result<Page<T>, Error> {
        let mut pages = self.prefetch(false).pages();
        match pages.try_next().await? {
            Some(page) => Ok(page),
            // A limit of 0 asks for nothing.
            None => Page::read(b"[]").map_err(Error::of),
        }
    }

    /// All rows at once. A stream needs the memory of a page, this of the whole listing.
    ///
    /// # Errors
    ///
    /// See [`Error`]; a row that can't be read is one, unless [`on_bad_row`](ListRequest::on_bad_row) takes it.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.stream().try_collect().await
    }

    /// The first row. It isn't counted how many there are.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn first(self) -> Result<Option<T>, Error> {
        self.limit(1).stream().try_next().await
    }

    /// How many rows there are, by the server's count; limit and offset play no part. One request.
    ///
    /// # Errors
    ///
    /// See [`Error`]; a count that takes longer than the server's two seconds is one.
    pub async fn count(self) -> Result<u64, Error> {
        let deadline = self.settings.timeout.map(deadline_after);
        let pipeline = self.settings.connection.pipeline()?;
        pipeline
            .count(&self.settings.query, deadline)
            .await
            .map_err(Error::of)
    }
}
