#![doc = include_str!("../README.md")]

mod clock;
mod error;
mod network;
mod slots;
mod store;

pub use error::FileStoreError;
pub use store::FileStore;
