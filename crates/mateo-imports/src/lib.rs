//! Reads hellomateo's imports: all of them, all changes to them, or until they are finished, exactly and within
//! the API's budget of 50 rows a page, 2 requests a second and 10,000 a day.
//!
//! ```no_run
//! use mateo_imports::{ApiKey, Client, ImportType, columns::*};
//!
//! # async fn example(key: String) -> Result<(), mateo_imports::Error> {
//! let client = Client::new(ApiKey::new(key));
//! let mut failed = client
//!     .list()
//!     .filter(FAILED_COUNT.gt(0).and(TYPE.eq(ImportType::ContactDetails)))
//!     .order(CREATED_AT.desc())
//!     .stream();
//! while let Some(import) = failed.try_next().await? {
//!     println!("{} {:?}", import.id, import.progress());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | to | use |
//! |---|---|
//! | list imports, completely | [`Client::list`] |
//! | read one, or several by their ids | [`Client::get`], [`Client::get_many`] |
//! | follow what is inserted or changed | [`Client::changes`] |
//! | wait until imports are finished | [`Client::wait`] |
//! | download failed contacts or payloads | [`Client::download`], [`Client::download_file`] |
//!
//! The types and the query are those of [`mateo_model`], the transport, budget and retries those of
//! [`mateo_http`]; both are re-exported, as [`model`] and [`net`], and so are the
//! crates of ids and times, [`uuid`] and [`chrono`].
//!
//! # Runtime
//!
//! Futures and streams are `Send + 'static` and need a Tokio runtime with time enabled, also with a transport of
//! your own. Dropping one cancels what it was doing. Programs without a runtime have the `blocking` client.
//!
//! # Features
//!
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = document_features::document_features!()]

#[cfg(feature = "blocking")]
pub mod blocking;
mod changes;
mod client;
mod connection;
mod download;
mod error;
mod get;
mod import_id;
mod items;
mod list;
mod wait;

#[cfg(any(doc, doctest))]
pub mod cookbook;

pub use mateo_http as net;
pub use mateo_model as model;
/// The types of ids and times come from these crates.
pub use {chrono, uuid};

pub use changes::{ChangeStream, ChangesPage, ChangesRequest};
pub use client::Client;
pub use download::{Download, DownloadProgress, ImportFile, SourceUrl};
pub use error::Error;
pub use import_id::ImportId;
pub use items::Items;
pub use list::{ListRequest, Pages, Rows};
pub use mateo_http::{
    ApiKey, KeyProvider, Pipeline, PipelineBuilder, Retry, TimeLimits, Transport, budget::KeyBudget,
};
pub use mateo_model::{
    BadRow, Column, Filter, Import, ImportQuery, ImportType, Order, Progress, RawJson, Select, columns,
    driver::{ChangesCursor, ListingCursor, WaitEvent},
};
pub use wait::WaitRequest;

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

/// This crate's README's too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod crate_readme {}
