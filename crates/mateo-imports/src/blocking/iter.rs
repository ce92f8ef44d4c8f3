//! A stream as an iterator.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt as _;

use super::runtime::Runtime;
use crate::error::Error;
use crate::list::{Pages, Rows};

/// A stream of the async client as an iterator. It dereferences to the stream, for what else that can do: its cursor, its
/// progress, going on after an error.
///
/// ```no_run
/// # fn example(client: mateo_imports::blocking::Client) -> Result<(), mateo_imports::Error> {
/// let mut rows = client.list().iter();
/// while let Some(import) = rows.next().transpose()? {
///     println!("{} is {} of {:?}", import.id, rows.taken(), rows.listing().counted());
/// }
/// let saved = rows.cursor()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Iter<S> {
    stream: S,
    runtime: Runtime,
    /// It can't run here, and has said so.
    has_failed: bool,
}

impl<S> Iter<S> {
    pub(super) fn new(stream: S, runtime: Runtime) -> Self {
        Self {
            stream,
            runtime,
            has_failed: false,
        }
    }
}

impl<T, S: Stream<Item = Result<T, Error>> + Unpin> Iterator for Iter<S> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        self.runtime.run(self.stream.next()).unwrap_or_else(|error| {
            self.has_failed = true;
            Some(Err(error))
        })
    }
}

impl<T> Iter<Rows<T>> {
    /// See [`Rows::time_left`].
    ///
    /// # Errors
    ///
    /// Within an async runtime.
    pub fn time_left(&self) -> Result<Option<Duration>, Error> {
        self.runtime.run(self.stream.time_left())
    }
}

impl<T> Iter<Pages<T>> {
    /// See [`Pages::time_left`].
    ///
    /// # Errors
    ///
    /// Within an async runtime.
    pub fn time_left(&self) -> Result<Option<Duration>, Error> {
        self.runtime.run(self.stream.time_left())
    }
}

impl<S> Deref for Iter<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.stream
    }
}

impl<S> DerefMut for Iter<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}
