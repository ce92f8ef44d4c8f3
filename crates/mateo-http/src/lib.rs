//! Everything between a query for hellomateo's imports and a socket.
//!
//! [`Transport`] is the one trait to implement to reach a server some other way. In front of it stand authentication
//! ([`ApiKey`]), retry ([`Retry`]) and the request budget ([`Budget`]).
//!
//! # What this crate will never contain
//!
//! Terminals, files, the environment, and the sandbox. It reads no variable (not even a proxy's), opens no file (whoever
//! has a key in a file reads the file), prints nothing, and knows nothing of the server it may be tested against. It
//! decides nothing about *which* pages to ask for either: that is `mateo-model`'s logic and `mateo-imports`' loop.

mod budget;
mod clock;
mod headers;
mod retry;
mod secret;
mod transport;

/// The clock that deadlines are given in: tokio's, which tests can pause.
pub use tokio::time::Instant;

pub use budget::{
    Budget, BudgetError, BudgetErrorKind, BudgetState, Lease, LocalBudget, LocalBudgetBuilder, Permit,
};
pub use clock::{Clock, SystemClock};
pub use headers::{RateLimit, ResponseFacts};
pub use retry::{Attempt, Decision, GiveUp, Outcome, Retry};
pub use secret::{ApiKey, KeyError, KeyProvider};
pub use transport::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind};
