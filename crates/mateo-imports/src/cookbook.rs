//! Whole programs for what this crate is mostly used for. Each page's program is run as a test, against the sandbox.
//!
//! | page | for |
//! |---|---|
//! | [`nightly_export`] | a cron job that collects all that changed since the last run, and loses nothing if it is killed |
//! | [`alert_on_failures`] | telling somebody which imports failed, and why |
//! | [`wait_for_what_i_imported`] | the step after posting imports: until all are finished |
//! | [`own_transport`] | sending requests some other way than the one built in |
//! | [`test_against_the_sandbox`] | testing your own code without a key, faults and limits included |
//! | [`model_alone`] | the query, the rows and the paging logic with an HTTP client of your own |
//! | [`share_a_key`] | running beside another program that uses the same key |

/// A cron job that collects all that changed since the last run.
#[doc = include_str!("cookbook/nightly_export.md")]
pub mod nightly_export {}

/// Telling somebody which imports failed, and why.
#[doc = include_str!("cookbook/alert_on_failures.md")]
pub mod alert_on_failures {}

/// The step after posting imports: until all are finished.
#[doc = include_str!("cookbook/wait_for_what_i_imported.md")]
pub mod wait_for_what_i_imported {}

/// Sending requests some other way than the one built in.
#[doc = include_str!("cookbook/own_transport.md")]
pub mod own_transport {}

/// Testing your own code without a key, faults and limits included.
#[doc = include_str!("cookbook/test_against_the_sandbox.md")]
pub mod test_against_the_sandbox {}

/// The query, the rows and the paging logic with an HTTP client of your own.
#[doc = include_str!("cookbook/model_alone.md")]
pub mod model_alone {}

/// Running beside another program that uses the same key.
#[doc = include_str!("cookbook/share_a_key.md")]
pub mod share_a_key {}
