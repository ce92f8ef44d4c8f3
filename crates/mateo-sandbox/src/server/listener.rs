//! Accepts connections, and refuses them for a while where a fault says so.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinSet,
    time::sleep,
};

use super::{Port, connection};
use crate::fault::Fault;

/// What makes an accept fail (no file descriptor left, for example) goes away by itself.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// The most connections of one port at a time; more wait to be accepted. Each takes some 25 KB.
const MOST_CONNECTIONS: usize = 1024;

/// Serves one port while the server runs, and then until its connections have ended.
pub(super) async fn serve(listener: TcpListener, port: Port, mut is_running: watch::Receiver<()>) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    // All connections end when it is dropped: none may outlast a port that closes.
    let mut open = GracefulShutdown::new();
    // A connection says so when the next request must find the port closed.
    let is_refused = Arc::new(Notify::new());
    loop {
        if port.endpoint.refuses_next(port.is_for_files) {
            (listener, open) = (None, GracefulShutdown::new());
            tokio::select! {
                () = sleep(Fault::REFUSED_FOR) => port.endpoint.was_refused(port.is_for_files),
                _ = is_running.changed() => break,
            }
            continue;
        }
        let Some(accepting) = &listener else {
            // The same port again; tokio sets `SO_REUSEADDR`, so that old connections don't hold it.
            match TcpListener::bind(address).await {
                Ok(bound) => listener = Some(bound),
                Err(_) => sleep(ACCEPT_AGAIN).await,
            }
            continue;
        };
        tokio::select! {
            accepted = accepting.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let connection = connection::serve(stream, port.clone(), open.watcher(), Arc::clone(&is_refused));
                    connections.spawn(connection);
                }
                Err(_) => sleep(ACCEPT_AGAIN).await,
            },
            () = is_refused.notified() => {}
            // Ended connections are forgotten.
            Some(_) = connections.join_next() => {}
            _ = is_running.changed() => break,
        }
    }
    drop((listener, open));
    while connections.join_next().await.is_some() {}
}
