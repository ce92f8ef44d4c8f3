//! A copy of hellomateo's imports in your own database: exact, resumable, and proven against the server's count.

mod audit;
mod columns;
#[cfg(feature = "conformance")]
pub mod conformance;
mod row;
mod store;

pub use columns::{Column, Columns};
pub use row::{Row, RowError, Value};
#[cfg(feature = "sqlite")]
pub use store::sqlite::SqliteStore;
pub use store::{Batch, Span, State, Store, StoreError, StoreErrorKind, StoredRow};
