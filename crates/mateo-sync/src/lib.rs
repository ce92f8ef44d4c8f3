//! A copy of hellomateo's imports in your own database: exact, resumable, and proven against the server's count.
//!
//! ```no_run
//! # async fn example(client: mateo_imports::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use mateo_sync::{SqliteStore, Syncer};
//!
//! let mut sync = Syncer::new(client, SqliteStore::open("imports.db", "")?);
//! let report = sync.run().await?;
//! println!("{report}"); // 30,000 imports, complete at 10:00:03Z
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = document_features::document_features!()]

mod audit;
mod columns;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
#[cfg(feature = "parquet")]
pub mod parquet;
mod report;
mod row;
mod run;
mod store;

pub use columns::{Column, Columns};
pub use error::Error;
pub use report::{Progress, Report};
pub use row::{Row, RowError, Value};
pub use run::{Plan, Syncer};
#[cfg(feature = "postgres")]
pub use store::postgres::{Postgres, PostgresStore};
#[cfg(feature = "sqlite")]
pub use store::sqlite::SqliteStore;
pub use store::{Batch, Span, State, Store, StoreError, StoreErrorKind, StoredRow};

/// The README's example compiles.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
