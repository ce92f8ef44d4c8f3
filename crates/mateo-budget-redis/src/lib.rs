#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod error;
mod fallback;
mod store;

pub use error::RedisStoreError;
pub use fallback::Fallback;
pub use store::RedisStore;
