//! The requests: settings as the async ones have them, and iterators in place of streams.

use std::time::Duration;

use mateo_model::driver::{ChangesCursor, ListingCursor, WaitEvent};
use mateo_model::{BadRow, Filter, Import, ImportQuery, Order, Page, Progress, Select};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::iter::Iter;
use super::runtime::Runtime;
use crate::changes::{ChangeStream, ChangesPages};
use crate::error::Error;
use crate::list::{Pages, Rows};
use crate::wait::WaitStream;

/// Methods that set something and give the request back.
macro_rules! settings {
    ($request:ident: $($name:ident($($argument:ident: $type:ty),*);)+) => {
        $(
            #[doc = concat!("See [`", stringify!($request), "::", stringify!($name), "`](crate::", stringify!($request), "::", stringify!($name), ").")]
            pub fn $name(self, $($argument: $type),*) -> Self {
                Self::new(self.request.$name($($argument),*), self.runtime)
            }
        )+
    };
}
pub(super) use settings;

/// A listing to be read; see [`ListRequest`](crate::ListRequest). A `for` loop over it is one over its [`iter`](Self::iter).
#[must_use]
#[derive(Debug)]
pub struct ListRequest<T = Import> {
    request: crate::list::ListRequest<T>,
    runtime: Runtime,
}

impl<T> ListRequest<T> {
    pub(super) fn new(request: crate::list::ListRequest<T>, runtime: Runtime) -> Self {
        Self { request, runtime }
    }
}

impl<T: DeserializeOwned + Send + 'static> ListRequest<T> {
    settings! { ListRequest:
        query(query: ImportQuery);
        filter(filter: Filter);
        order(order: Order);
        limit(rows: u64);
        offset(rows: u64);
        columns(columns: Select);
        resume(cursor: ListingCursor);
        page_rows(rows: u64);
        counted(counted: bool);
        prefetch(prefetch: bool);
        timeout(timeout: Duration);
        on_bad_row(handler: impl FnMut(BadRow) + Send + 'static);
    }

    /// See [`ListRequest::select`](crate::ListRequest::select).
    pub fn select<U: DeserializeOwned + Send + 'static>(self) -> ListRequest<U> {
        ListRequest::new(self.request.select(), self.runtime)
    }

    /// See [`ListRequest::deserialize_as`](crate::ListRequest::deserialize_as).
    pub fn deserialize_as<U>(self) -> ListRequest<U> {
        ListRequest::new(self.request.deserialize_as(), self.runtime)
    }

    /// The rows, page after page, until the listing is complete. See [`Rows`].
    pub fn iter(self) -> Iter<Rows<T>> {
        Iter::new(self.request.stream(), self.runtime)
    }

    /// The pages, each with the rows that could not be read apart.
    pub fn pages(self) -> Iter<Pages<T>> {
        Iter::new(self.request.pages(), self.runtime)
    }

    /// See [`ListRequest::page`](crate::ListRequest::page).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn page(self) -> Result<Page<T>, Error> {
        self.runtime.run(self.request.page())?
    }

    /// See [`ListRequest::all`](crate::ListRequest::all).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn all(self) -> Result<Vec<T>, Error> {
        self.runtime.run(self.request.all())?
    }

    /// See [`ListRequest::first`](crate::ListRequest::first).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn first(self) -> Result<Option<T>, Error> {
        self.runtime.run(self.request.first())?
    }

    /// See [`ListRequest::count`](crate::ListRequest::count).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn count(self) -> Result<u64, Error> {
        self.runtime.run(self.request.count())?
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoIterator for ListRequest<T> {
    type Item = Result<T, Error>;
    type IntoIter = Iter<Rows<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Changes to be followed; see [`ChangesRequest`](crate::ChangesRequest). A `for` loop over it is one over its
/// [`iter`](Self::iter), without end unless it is asked for [once](Self::once).
#[must_use]
#[derive(Debug)]
pub struct ChangesRequest<T = Import> {
    request: crate::changes::ChangesRequest<T>,
    runtime: Runtime,
}

impl<T> ChangesRequest<T> {
    pub(super) fn new(request: crate::changes::ChangesRequest<T>, runtime: Runtime) -> Self {
        Self { request, runtime }
    }
}

impl<T: DeserializeOwned + Send + 'static> ChangesRequest<T> {
    settings! { ChangesRequest:
        filter(filter: Filter);
        query(query: ImportQuery);
        columns(columns: Select);
        overlap(overlap: Duration);
        interval(shortest: Duration, longest: Duration);
        on_bad_row(handler: impl FnMut(BadRow) + Send + 'static);
        once();
    }

    /// See [`ChangesRequest::deserialize_as`](crate::ChangesRequest::deserialize_as).
    pub fn deserialize_as<U>(self) -> ChangesRequest<U> {
        ChangesRequest::new(self.request.deserialize_as(), self.runtime)
    }

    /// The changes, each with the cursor after it. See [`ChangeStream`].
    pub fn iter(self) -> Iter<ChangeStream<T>> {
        Iter::new(self.request.stream(), self.runtime)
    }

    /// The changes page by page, each page with the cursor after it. See [`ChangesPage`](crate::ChangesPage).
    pub fn pages(self) -> Iter<ChangesPages<T>> {
        Iter::new(self.request.pages(), self.runtime)
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoIterator for ChangesRequest<T> {
    type Item = Result<(T, ChangesCursor), Error>;
    type IntoIter = Iter<ChangeStream<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Imports to be waited for; see [`WaitRequest`](crate::WaitRequest). A `for` loop over it is one over its
/// [`iter`](Self::iter).
#[must_use]
#[derive(Debug)]
pub struct WaitRequest {
    request: crate::wait::WaitRequest,
    runtime: Runtime,
}

impl WaitRequest {
    pub(super) fn new(request: crate::wait::WaitRequest, runtime: Runtime) -> Self {
        Self { request, runtime }
    }

    settings! { WaitRequest:
        timeout(timeout: Duration);
        interval(shortest: Duration, longest: Duration);
        on_bad_row(handler: impl FnMut(BadRow) + Send + 'static);
    }

    /// What happens, as it is seen. See [`WaitStream`].
    pub fn iter(self) -> Iter<WaitStream> {
        Iter::new(self.request.stream(), self.runtime)
    }

    /// See [`WaitRequest::all`](crate::WaitRequest::all).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn all(self) -> Result<Vec<(Uuid, Progress)>, Error> {
        self.runtime.run(self.request.all())?
    }
}

impl IntoIterator for WaitRequest {
    type Item = Result<WaitEvent, Error>;
    type IntoIter = Iter<WaitStream>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
