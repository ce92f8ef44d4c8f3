//! Why the server cannot keep a budget.

/// Why the server cannot keep a budget. Where a request fails for it, this is the source of its
/// [`BudgetError`](mateo_http::budget::BudgetError).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// The base URL is not one of http or https.
    #[error("{0} is no base URL that a budget could belong to")]
    BaseUrl(String),
    /// The URL names no server. It is not repeated, since it may hold a password.
    #[error("the budget's URL cannot be used: {0}")]
    Url(String),
    /// The server cannot be reached, or does not answer.
    #[error("the budget's server at {server} cannot be reached")]
    Unreachable {
        /// The server, without a password.
        server: String,
        /// How that was noticed last; `None` where it did not answer in time.
        source: Option<redis::RedisError>,
    },
    /// The server answered with an error.
    #[error("the budget's server at {server} cannot keep it")]
    Server {
        /// The server, without a password.
        server: String,
        /// Its error.
        source: redis::RedisError,
    },
    /// The server answered with what is no answer: another version of this crate uses it.
    #[error("the budget's server at {server} holds a budget of another version")]
    Version {
        /// The server, without a password.
        server: String,
    },
}
