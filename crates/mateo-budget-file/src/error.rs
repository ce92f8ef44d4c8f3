//! Why the file cannot hold a budget.

use std::io;
use std::path::PathBuf;

/// Why a file cannot hold a budget. Where a request fails for it, this is the source of its
/// [`BudgetError`](mateo_http::budget::BudgetError).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileStoreError {
    /// The base URL is not one of http or https.
    #[error("{0} is no base URL that a budget could belong to")]
    BaseUrl(String),
    /// The folder is on a network, where locks don't reach the other machines.
    #[error(
        "the folder {} is on a network file system ({kind}), where processes cannot share a budget; choose a local folder, \
         or a server for many machines", path.display()
    )]
    Network {
        /// The folder.
        path: PathBuf,
        /// The name of the file system.
        kind: String,
    },
    /// The file's content is not what this crate wrote.
    #[error("the budget file {} is damaged; delete it to begin a new count", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the file's lock and does not return it.
    #[error("the budget file {} is locked by another process that does not go on", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("the budget file {} cannot be used", path.display())]
    Io {
        /// The file, or its folder.
        path: PathBuf,
        /// How.
        source: io::Error,
    },
}
