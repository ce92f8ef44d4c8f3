//! TODO

mod import_type;
mod prefer;
mod problem;
mod progress;
mod range;
pub mod timestamp;

pub use import_type::{ImportType, UnknownType};
pub use prefer::{Count, Handling, Prefer};
pub use problem::Problem;
pub use progress::Progress;
pub use range::{ContentRange, ContentRangeError, Range, RangeError};
