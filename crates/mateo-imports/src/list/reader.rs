//! Reading a listing page by page: the one place where a [`Listing`] meets the network.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use mateo_http::{PageResponse, deadline_after};
use mateo_model::{
    Page,
    driver::{Listing, PageFacts, PageRequest},
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

/// A page that arrived, and what a cursor within it is made of.
#[derive(Debug)]
pub(crate) struct Arrived<T> {
    pub(crate) page: Page<T>,
    pub(crate) source: Source,
}

/// What a page was read from.
#[derive(Debug)]
pub(crate) struct Source {
    /// The listing before the page arrived.
    pub(crate) before: Listing,
    body: Bytes,
    spans: Vec<Range<usize>>,
    /// The server's clock.
    pub(crate) date: Option<SystemTime>,
    /// The time from the call to the last byte.
    pub(crate) took: Duration,
}

impl Source {
    /// The text of each row, with the columns that only the listing asked for.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &str> {
        (0..self.spans.len()).map(|index| self.row(index).unwrap_or_default())
    }

    /// The text of one row.
    pub(crate) fn row(&self, index: usize) -> Option<&str> {
        let row = self.body.get(self.spans.get(index)?.clone())?;
        std::str::from_utf8(row).ok()
    }
}

impl Reader {
    pub(crate) fn new(connection: Connection, listing: Listing, timeout: Option<Duration>) -> Self {
        Self {
            connection,
            listing,
            timeout,
            deadline: None,
            in_flight: None,
            requests: 0,
        }
    }

    pub(crate) fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Pages asked for so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// How long `requests` requests take by the budget.
    pub(crate) async fn time_for(&self, requests: u64) -> Option<Duration> {
        let budget = self.connection.budget().ok()?;
        Some(if requests == 0 {
            Duration::ZERO
        } else {
            budget.state(requests).await.ok()?.wait
        })
    }

    /// Begins to fetch the next page, unless that is in flight or the listing is complete.
    pub(crate) fn prefetch(&mut self) {
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
    pub(crate) fn poll_page<T: DeserializeOwned>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Arrived<T>, Error>>> {
        loop {
            self.prefetch();
            let Some(in_flight) = &mut self.in_flight else {
                return Poll::Ready(None);
            };
            let answer = ready!(Pin::new(&mut in_flight.task).poll(cx));
            let Some(in_flight) = self.in_flight.take() else {
                return Poll::Ready(None);
            };
            let response = match answer {
                Ok(response) => response,
                Err(panicked) => {
                    let doing = "fetch a page: its task ended";
                    return Poll::Ready(Some(Err(Error::io(doing, panicked.into()))));
                }
            };
            match response {
                Ok(response) => {
                    if response.count_failed {
                        self.listing.disable_count();
                    }
                    return Poll::Ready(Some(self.arrived(&in_flight.request, response)));
                }
                Err(error) if error.status() == Some(416) && is_offset(&in_flight.request) => {
                    // Counted, the server rejects an offset beyond the last row.
                    let nothing = PageFacts {
                        rows: Vec::new(),
                        content_range: None,
                    };
                    if let Err(error) = self.listing.page_arrived(&nothing) {
                        return Poll::Ready(Some(Err(Error::of(error))));
                    }
                }
                // The key of the last row made the URL too long for the server, or for something on the way.
                Err(error) if error.status() == Some(414) && self.listing.shorten_url() => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    /// Lets it go on after an error, with the whole of its time.
    pub(crate) fn retry(&mut self) {
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
        let before = self.listing.clone();
        let page = request.read(&response.body).map_err(Error::of)?;
        self.listing
            .page_arrived(&PageFacts::of(&page, &response.body, response.content_range))
            .map_err(Error::of)?;
        Ok(Arrived {
            source: Source {
                before,
                spans: page.spans().to_vec(),
                body: response.body,
                date: response.date,
                took: response.elapsed,
            },
            page,
        })
    }
}

fn is_offset(request: &PageRequest) -> bool {
    request.count && request.query.offset_given().is_some_and(|offset| offset > 0)
}
