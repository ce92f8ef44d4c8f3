//! hellomateo's imports endpoint on a machine without a key: rows in memory, answered as the real endpoint answers.
//!
//! [`Sandbox`] is the endpoint. Its [`handle`](Sandbox::handle) is a pure function of the rows, a request and a time: no
//! socket, no clock, no sleeping. It reads the query string with the model's own parser, evaluates it as PostgreSQL 15
//! would, and answers as PostgREST 14 does behind hellomateo's gateway.
//!
//! ```
//! use mateo_sandbox::{Row, Sandbox};
//!
//! let sandbox = Sandbox::new();
//! let id = uuid::Uuid::from_u128(7);
//! sandbox.insert(Row::import(id, chrono::DateTime::UNIX_EPOCH).set("total_count", 3))?;
//!
//! let request = http::Request::get("/api/v1/import?select=id,total_count&total_count=gt.2").body(bytes::Bytes::new())?;
//! let response = sandbox.handle(&request, chrono::DateTime::UNIX_EPOCH);
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.body(), &format!(r#"[{{"id":"{id}","total_count":3}}]"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Around it
//!
//! [`Endpoint`] adds the gateway (keys, [`Limits`], latency) and what a test wants:
//! [`Fault`]s at the requests it says, [`Simulation`], files with links that expire, [`Counters`]. [`SandboxTransport`] gives
//! it to a client without a socket, all waiting on tokio's clock, which tests can pause; [`Server`] gives it to any
//! client over HTTP/1.1. Both deliver the same responses and faults.
//!
//! ```
//! use mateo_sandbox::{Endpoint, Fault, Sandbox, Server, When};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let endpoint = Endpoint::builder(Sandbox::generate(240, 7))
//!     .api_key("a-key")
//!     .fault(Fault::TruncatedBody.on(When::Nth(3)))
//!     .build();
//! let server = Server::bind(endpoint, "127.0.0.1:0").await?;
//! println!("{}", server.url());
//! // … let a client read from there, and then:
//! assert_eq!(server.endpoint().counters().leaked_keys, 0);
//! server.stop().await;
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod content;
mod counters;
mod endpoint;
mod fault;
mod files;
mod gateway;
mod generate;
mod postgrest;
mod random;
mod reply;
mod row;
mod sandbox;
mod server;
mod simulation;
mod transport;

pub use counters::Counters;
pub use endpoint::{Endpoint, EndpointBuilder};
pub use fault::{Fault, FaultRule, ParseFaultError, When};
pub use files::Expiry;
pub use gateway::{Limits, Window};
pub use generate::Generator;
pub use row::{Row, RowError};
pub use sandbox::Sandbox;
pub use server::Server;
pub use simulation::Simulation;
pub use transport::SandboxTransport;

/// The README's example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
