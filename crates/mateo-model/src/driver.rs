//! What decides which request comes next, as values without I/O: a [`Listing`] reads all rows, [`Changes`] follow what
//! changes, [`Waiting`] waits for imports to finish, and a [`PollInterval`] says how long to pause.

mod changes;
mod listing;
mod poll_interval;
mod waiting;

pub use changes::{Changes, ChangesCursor, ChangesError, RequestTime};
pub use listing::{
    Completion, Consistency, CursorError, Listing, ListingCursor, ListingError, PAGE_ROWS, PageRequest,
};
pub use poll_interval::PollInterval;
pub use waiting::{WaitEvent, WaitRow, Waiting};
