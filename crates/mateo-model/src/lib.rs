//! TODO

mod prefer;
mod problem;
mod range;

pub use prefer::{Count, Handling, Prefer};
pub use problem::Problem;
pub use range::{ContentRange, ContentRangeError, Range, RangeError};
