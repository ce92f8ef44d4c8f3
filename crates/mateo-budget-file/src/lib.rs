#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod error;
mod network;
mod slots;
mod store;

pub use error::FileStoreError;
pub use store::FileStore;
