//! The types and the typed query of hellomateo's imports API, and the pure logic of reading it completely.
//!
//! This crate does no I/O, has no async, reads no clock, no environment and no file. It is what the layers
//! above agree on, and is usable alone: build a query with [`ImportQuery`], send it with whatever HTTP client
//! you have, read the answer as a page of imports.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod changes;
mod column;
pub mod columns;
mod encode;
mod excerpt;
mod field;
mod filter;
mod import;
mod import_type;
mod listing;
mod literal;
mod order;
mod pace;
mod page;
mod parse;
mod prefer;
mod problem;
mod progress;
mod query;
mod range;
pub mod raw;
mod select;
mod stored;
#[cfg(test)]
mod testing;
pub mod timestamp;
mod waiting;

pub use changes::{Changes, ChangesCursor, ChangesError, RequestTime};
pub use column::Column;
pub use encode::EncodeError;
pub use field::{Arrow, Field, PathKey, PathStep};
pub use filter::{Condition, Filter, Node, Operator, Quantifier, Test, TextSearch, Truth};
pub use import::{Extra, Import};
pub use import_type::{ImportType, UnknownType};
pub use listing::{
    CursorError, Listing, ListingCursor, ListingError, PAGE_ROWS, PageFacts, PageRequest, Promise, Proof,
};
pub use literal::{ColumnType, Element, Literal};
pub use order::{Direction, Nulls, Order};
pub use pace::Pace;
pub use page::{BadRow, Page, PageError};
pub use parse::{ParseError, ParseErrorKind};
pub use prefer::{Count, Handling, Prefer};
pub use problem::Problem;
pub use progress::Progress;
pub use query::{ImportQuery, Window};
pub use range::{ContentRange, ContentRangeError, Range, RangeError};
pub use raw::{RawJson, ValueError};
pub use select::{Select, SelectItem};
pub use waiting::{WaitEvent, WaitRow, Waiting};

/// Runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
