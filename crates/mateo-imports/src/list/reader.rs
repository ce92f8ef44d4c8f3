//! Reading a listing page by page: the one place where a [`Listing`] meets the network.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use mateo_http::{PageResponse, deadline_after};
use mateo_model::{
    Page,
    driver::{Listing, ListingCursor, PageRequest},
};
use serde::de::DeserializeOwned;
use tokio::{task::JoinHandle, time::Instant};
use tracing::Instrument as _;

use crate::connection::{Connection, prefer};
use crate::error::Error;

/// A listing and the request that is in flight for it.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: Connection,
    listing: Listing,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
    in_flight: Option<InFlight>,
    requests: u64,
}

/// A page being fetched, by a task of its own so that it goes on while the caller works. Dropping it cancels it.
#[derive(Debug)]
struct InFlight {
    request: PageRequest,
    task: JoinHandle<Result<PageResponse, Error>>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A page that arrived, and what it was read from.
#[derive(Debug)]
pub(crate) struct Arrived<T> {
    pub(crate) page: Page<T>,
    pub(crate) source: Source,
}

/// What a page was read from.
#[derive(Debug)]
pub(crate) struct Source {
    /// The listing before the page arrived.
    before: Listing,
    body: Bytes,
    spans: Vec<Range<usize>>,
    /// The server's clock.
    pub(crate) date: Option<SystemTime>,
    /// The time from the call to the last byte.
    pub(crate) took: Duration,
}

impl Source {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The text of each row, with the columns that only the listing asked for.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &str> {
        let text = |span: &Range<usize>| std::str::from_utf8(self.body.get(span.clone())?).ok();
        self.spans.iter().map(move |span| text(span).unwrap_or_default())
    }

    /// The position before the last `left` rows.
    pub(super) fn cursor_before(&self, left: usize) -> ListingCursor {
        self.before.cursor_within(self.rows().take(self.len() - left))
    }
}

impl Reader {
    pub(crate) fn new(connection: Connection, listing: Listing) -> Self {
        Self {
            connection,
            listing,
            timeout: None,
            deadline: None,
            in_flight: None,
            requests: 0,
        }
    }

    /// How long all of it may take, from the first request.
    pub(super) fn timeout(self, timeout: Option<Duration>) -> Self {
        Self { timeout, ..self }
    }

    pub(crate) fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Pages asked for so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// How long the rest takes, by the last count and the budget.
    pub(super) async fn time_left(&self) -> Option<Duration> {
        let requests = self.listing.requests_left()?;
        if requests == 0 {
            return Some(Duration::ZERO);
        }
        let budget = self.connection.pipeline().ok()?.budget();
        Some(budget.state(requests).await.ok()?.wait)
    }

    /// Begins to fetch the next page, unless that is in flight or the listing is complete.
    pub(super) fn prefetch(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        let Some(request) = self.listing.next_page() else {
            return;
        };
        self.requests += 1;
        if self.deadline.is_none() {
            self.deadline = self.timeout.map(deadline_after);
        }
        let (connection, asked, deadline) = (self.connection.clone(), request.clone(), self.deadline);
        let page = async move {
            let prefer = prefer(asked.count);
            let page = connection.pipeline()?.page(&asked.query, &prefer, deadline);
            page.await.map_err(Error::of)
        };
        let task = tokio::spawn(page.instrument(self.connection.span()));
        self.in_flight = Some(InFlight { request, task });
    }

    /// The next page; `None` when the listing is complete. After an error the same page can be asked for again.
    pub(super) fn poll_page<T: DeserializeOwned>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Arrived<T>, Error>>> {
        loop {
            self.prefetch();
            let Some(mut in_flight) = self.in_flight.take() else {
                return Poll::Ready(None);
            };
            let Poll::Ready(response) = Pin::new(&mut in_flight.task).poll(cx) else {
                self.in_flight = Some(in_flight);
                return Poll::Pending;
            };
            let request = &in_flight.request;
            let response =
                response.unwrap_or_else(|ended| Err(Error::io("fetch a page: its task ended")(ended.into())));
            return Poll::Ready(Some(match response {
                Ok(response) => self.arrived(request, response),
                Err(error) if error.status() == Some(416) && is_offset(request) => {
                    // Counted, the server rejects an offset beyond the last row.
                    match self.listing.page_arrived([], None) {
                        Ok(()) => continue,
                        Err(error) => Err(Error::of(error)),
                    }
                }
                // The key of the last row made the URL too long for the server, or for something on the way.
                Err(error) if error.status() == Some(414) && self.listing.shorten_url() => continue,
                Err(error) => Err(error),
            }));
        }
    }

    /// Lets it go on after an error, with the whole of its time.
    pub(super) fn retry(&mut self) {
        self.deadline = None;
    }

    /// The next page, as a future.
    pub(crate) async fn page<T: DeserializeOwned>(&mut self) -> Option<Result<Arrived<T>, Error>> {
        std::future::poll_fn(|cx| self.poll_page(cx)).await
    }

    fn arrived<T: DeserializeOwned>(
        &mut self,
        request: &PageRequest,
        response: PageResponse,
    ) -> Result<Arrived<T>, Error> {
        if response.count_failed {
            self.listing.disable_count();
        }
        let page = request.read(&response.body).map_err(Error::of)?;
        let source = Source {
            before: self.listing.clone(),
            spans: page.spans().to_vec(),
            body: response.body,
            date: response.date,
            took: response.elapsed,
        };
        self.listing
            .page_arrived(source.rows(), response.content_range)
            .map_err(Error::of)?;
        Ok(Arrived { page, source })
    }
}

fn is_offset(request: &PageRequest) -> bool {
    request.count && request.query.offset_given().is_some_and(|offset| offset > 0)
}
