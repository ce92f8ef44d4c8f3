//! The endpoint over HTTP/1.1: two origins, one for the API and one for files.

mod connection;
mod listener;
mod socket;
mod target;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::{
    net::{TcpListener, ToSocketAddrs},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use crate::endpoint::{Endpoint, Origin};

/// The endpoint on two ports of this machine, until it is stopped or dropped.
///
/// It speaks HTTP/1.1 with keep-alive, without TLS: clients that send their key over https only must make an
/// exception for loopback, and no other address should be listened on ([`Server::is_exposed`]). A connection that sends
/// no request for 30 seconds, or a body for 10, is closed; of more than 1,024 connections to one port the rest wait.
///
/// ```
/// use mateo_sandbox::{Endpoint, Sandbox, Server};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let server = Server::bind(Endpoint::new(Sandbox::generate(240, 1)), "127.0.0.1:0").await?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// server.stop().await;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    endpoint: Endpoint,
    url: String,
    files_url: String,
    is_exposed: bool,
    /// Once this is gone, no more connections are accepted.
    running: watch::Sender<()>,
    ports: JoinSet<()>,
}

/// One of the two ports.
#[derive(Debug, Clone)]
struct Port {
    endpoint: Endpoint,
    is_for_files: bool,
    files_url: Arc<str>,
}

impl Port {
    fn origin(&self) -> Origin<'_> {
        Origin {
            is_for_files: self.is_for_files,
            files_url: &self.files_url,
        }
    }
}

/// How long a stop waits for responses in flight.
const GRACE: Duration = Duration::from_secs(2);

impl Server {
    /// Listens on `address` for the API, and on another port of the same IP address for files. Port 0 takes any that is
    /// free. It must be called within a tokio runtime that has its I/O and time drivers.
    ///
    /// # Errors
    ///
    /// If the address can't be listened on.
    pub async fn bind(endpoint: Endpoint, address: impl ToSocketAddrs) -> io::Result<Self> {
        let api = TcpListener::bind(address).await?;
        let address = api.local_addr()?;
        let files = TcpListener::bind((address.ip(), 0)).await?;
        let files_url = url(files.local_addr()?);
        let (running, is_running) = watch::channel(());
        // Ends with the server: a set that is dropped aborts its tasks.
        let mut ports = JoinSet::new();
        for (listener, is_for_files) in [(api, false), (files, true)] {
            let port = Port {
                endpoint: endpoint.clone(),
                is_for_files,
                files_url: files_url.as_str().into(),
            };
            ports.spawn(listener::serve(listener, port, is_running.clone()));
        }
        Ok(Self {
            endpoint,
            url: url(address),
            files_url,
            is_exposed: !address.ip().is_loopback(),
            running,
            ports,
        })
    }

    /// The API's origin, a base URL for clients: `http://127.0.0.1:50123`. The imports are at `/api/v1/import`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The files' origin, as rows name it in responses.
    pub fn files_url(&self) -> &str {
        &self.files_url
    }

    /// Whether other machines may reach it: it does not listen on loopback. Whoever knows a key, or anyone where no key
    /// is set, can then read the rows; and what is sent is not encrypted.
    pub fn is_exposed(&self) -> bool {
        self.is_exposed
    }

    /// What is served.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Accepts no more connections, waits at most two seconds for responses in flight, and closes the rest.
    pub async fn stop(mut self) {
        drop(self.running);
        // A port ends early only if it panicked, which the runtime has reported.
        let ended = async { while self.ports.join_next().await.is_some() {} };
        let _ = timeout(GRACE, ended).await;
    }
}

/// A client can't connect to "any address": it is named by loopback.
fn url(address: SocketAddr) -> String {
    let port = address.port();
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => format!("http://127.0.0.1:{port}"),
        IpAddr::V6(ip) if ip.is_unspecified() => format!("http://localhost:{port}"),
        _ => format!("http://{address}"),
    }
}
