//! The client for programs without an async runtime: the same requests, with iterators in place of streams.
//!
//! ```no_run
//! use mateo_imports::{ApiKey, blocking::Client, columns::*};
//!
//! fn main() -> Result<(), mateo_imports::Error> {
//!     let client = Client::new(ApiKey::new("…"));
//!     for import in client.list().filter(FAILED_COUNT.gt(0)).order(CREATED_AT.desc()) {
//!         let import = import?;
//!         println!("{} {:?}", import.id, import.progress());
//!     }
//!     Ok(())
//! }
//! ```
//!
//! What each request does is said at the async one of the same name; `iter` is its `stream`. Any number of
//! threads may use one client.
//!
//! The requests run on the calling thread. A thread in the background keeps what lives longer than a call: connections that
//! the server closes are noticed between two calls, and pages are fetched ahead while the rows of one are worked on.
//!
//! Within an async runtime, where blocking would keep other tasks from running, every call is an error
//! ([`Error::is_usage`](crate::Error::is_usage)): use the async [`Client`](crate::Client) there.

mod client;
mod iter;
mod requests;
mod runtime;

pub use client::Client;
pub use iter::Iter;
pub use requests::{ChangesRequest, Download, ListRequest, WaitRequest};
pub use runtime::Runtime;

#[cfg(test)]
mod tests;
