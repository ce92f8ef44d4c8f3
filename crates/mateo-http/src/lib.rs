//! Everything between a query for hellomateo's imports and a socket.
//!
//! A query goes down through [`Pipeline`]: it becomes a request (without the key), gets the [`ApiKey`], is sent as often as
//! [`Retry`] and the deadline allow, each time when the [budget] has a place for it and for no longer than
//! [`TimeLimits`] say, and leaves through a [`Transport`]: the one trait to implement to
//! reach a server some other way. Up comes a [`PageResponse`] or an [`Error`].
//!
//! What a program names first is at the root; the modules hold what only those need who set or replace a part.
//!
//! ```no_run
//! use mateo_http::{ApiKey, Pipeline};
//! use mateo_model::{Import, ImportQuery, Page, Prefer, columns::*};
//!
//! # async fn example(key: String) -> Result<(), Box<dyn std::error::Error>> {
//! let pipeline = Pipeline::builder(ApiKey::new(key)).build()?;
//! let query = ImportQuery::new().filter(FAILED_COUNT.gt(0)).limit(50);
//! let response = pipeline.page(&query, &Prefer::new(), None).await?;
//! for import in Page::<Import>::read(&response.body)?.into_results() {
//!     println!("{:?}", import?.progress());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It runs on a tokio runtime with time (and, for reqwest, I/O) enabled. Programs without one use the
//! blocking client of `mateo-imports`.
//!
//! # What this crate will never contain
//!
//! Terminals, files, the environment, and the sandbox. It reads no variable (not even a proxy's), opens no file (the program
//! that has a key in a file reads the file), prints nothing, and knows nothing of the server it may be tested against. It
//! decides nothing about *which* pages to ask for either: that is `mateo-model`'s logic and `mateo-imports`' loop.
//!
//! # Features
//!
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = document_features::document_features!()]

// The README's example compiles, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod budget;
mod censor;
mod classify;
mod endpoint;
mod error;
pub mod gzip;
pub mod headers;
mod limits;
mod network;
pub mod observe;
mod origin;
mod pipeline;
#[cfg(feature = "record")]
pub mod record;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod reqwest_transport;
mod retry;
mod secret;
#[cfg(feature = "tower")]
mod tower;
mod transport;

pub use budget::contract::Budget;
pub use error::Error;
pub use limits::{TimeLimits, deadline_after};
pub use pipeline::{DownloadRange, PageResponse, Pipeline, PipelineBuilder};
#[cfg(any(feature = "rustls", feature = "native-tls"))]
pub use reqwest_transport::{ReqwestTransport, ReqwestTransportBuilder};
pub use retry::{GiveUp, Retry};
pub use secret::{ApiKey, KeyError, KeyProvider};
#[cfg(feature = "tower")]
pub use tower::TowerTransport;
pub use transport::{
    Body, BoxFuture, PublicAddressesOnly, Request, Response, Transport, TransportError, TransportErrorKind,
};
