//! Accepts connections, and refuses them for a while where a fault says so.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinSet, time};

use super::{Origin, connection, stopped};
use crate::fault::Fault;

/// What makes an accept fail (no file descriptor left, for example) goes away by itself.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// The most connections of one origin at a time; more wait to be accepted. Each takes some 25 KB.
const MOST_CONNECTIONS: usize = 1024;

/// Serves one origin until it is stopped, and then until its connections have ended.
pub(crate) async fn serve(listener: TcpListener, origin: Origin, stop: watch::Receiver<bool>) {
    let for_connections = stop.clone();
    let mut stop = stop;
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    // A connection signals that the next request must find the port closed; all connections end when it closes.
    let (refusal, mut refused) = watch::channel(0_u64);
    loop {
        if origin.endpoint.refuses_next(origin.is_for_files) {
            listener = None;
            refusal.send_modify(|times| *times += 1);
            tokio::select! {
                () = time::sleep(Fault::REFUSED_FOR) => {}
                () = stopped(&mut stop) => break,
            }
            origin.endpoint.was_refused(origin.is_for_files);
            continue;
        }
        if listener.is_none() {
            listener = bind_again(address).await;
        }
        let Some(open) = &listener else {
            time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        tokio::select! {
            accepted = open.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection::serve(stream, origin.clone(), for_connections.clone(), refusal.clone()));
                }
                Err(_) => time::sleep(ACCEPT_AGAIN).await,
            },
            _ = refused.changed() => {}
            // Ended connections are forgotten.
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The same port again; tokio sets `SO_REUSEADDR`, so that old connections don't hold it.
async fn bind_again(address: SocketAddr) -> Option<TcpListener> {
    let bound: io::Result<TcpListener> = TcpListener::bind(address).await;
    bound.ok()
}
