//! The endpoint over HTTP/1.1: two origins, one for the API and one for files.

mod body;
mod breaks;
mod connection;
mod listener;
mod target;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, ToSocketAddrs},
    sync::watch,
    task::JoinSet,
};

use crate::endpoint::{Endpoint, Front};

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
    stop: watch::Sender<bool>,
    origins: JoinSet<()>,
}

/// Which of the two origins a port serves.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) endpoint: Endpoint,
    pub(crate) front: Arc<Front>,
    pub(crate) is_for_files: bool,
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
        let url = url(address);
        let files_url = url_of(&files)?;
        let front = Arc::new(Front {
            files_origin: files_url.clone(),
        });
        let (stop, stopped) = watch::channel(false);
        // Ends with the server: a set that is dropped aborts its tasks.
        let mut origins = JoinSet::new();
        for (listener, is_for_files) in [(api, false), (files, true)] {
            let origin = Origin {
                endpoint: endpoint.clone(),
                front: Arc::clone(&front),
                is_for_files,
            };
            origins.spawn(listener::serve(listener, origin, stopped.clone()));
        }
        Ok(Self {
            endpoint,
            url,
            files_url,
            is_exposed: !address.ip().is_loopback(),
            stop,
            origins,
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
        self.stop.send_replace(true);
        // An origin ends early only if it panicked, which the runtime has reported.
        let ended = async { while self.origins.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GRACE, ended).await;
    }
}

/// Returns once the server is to stop, or is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn url_of(listener: &TcpListener) -> io::Result<String> {
    listener.local_addr().map(url)
}

/// A client can't connect to "any address": it is named by loopback.
fn url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() && address.is_ipv4() {
        format!(
            "http://{}",
            SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))
        )
    } else if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
