//! The server: one step is one call of a script.

use std::fmt;
use std::sync::{Mutex as Lock, PoisonError};
use std::time::Duration;

use mateo_http::{
    ApiKey, BoxFuture,
    budget::{BudgetError, BudgetStore, Operation, Reply},
};
use redis::{
    AsyncConnectionConfig, Client, RedisError, RedisResult, Script, aio::MultiplexedConnection,
    cluster_async::ClusterConnection,
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout_at},
};

use crate::address::{ATTEMPT, Servers};
use crate::error::RedisStoreError;

/// So long a server may be away: a restart, a failover, a pause.
const PATIENCE: Duration = Duration::from_secs(5);

/// The wait between attempts.
const AGAIN: Duration = Duration::from_millis(50);

/// The budget of one key on a server, for all machines.
///
/// Connections are made when they are needed. The README says which URLs there are, and what becomes of a budget whose server
/// is away or loses its data.
pub struct RedisStore {
    servers: Servers,
    shown: String,
    /// The name under which the server keeps the ledger.
    name: String,
    script: Script,
    connection: Mutex<Option<Connection>>,
    /// The server was away for a whole patience: until then, it is not waited for again.
    away: Lock<Option<Instant>>,
}

#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl RedisStore {
    /// The budget of `key` at the server of `base_url`, kept by the server of `url`. All who are to share the budget give the
    /// same `url`. Nothing is sent yet.
    ///
    /// # Errors
    /// URLs that cannot be used.
    pub fn open(url: &str, base_url: &str, key: &ApiKey) -> Result<Self, RedisStoreError> {
        let name = key
            .fingerprint(base_url)
            .ok_or_else(|| RedisStoreError::BaseUrl(base_url.to_owned()))?;
        let (servers, shown) = Servers::read(url)?;
        Ok(Self {
            servers,
            shown,
            name: format!("{{mateo-budget:{name}}}"),
            script: Script::new(include_str!("ledger.lua")),
            connection: Mutex::default(),
            away: Lock::default(),
        })
    }

    /// The server, without a password.
    pub fn server(&self) -> &str {
        &self.shown
    }

    async fn connect(&self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ATTEMPT))
            .set_response_timeout(Some(ATTEMPT));
        let open = async |client: &Client| client.get_multiplexed_async_connection_with_config(&config).await;
        Ok(match &self.servers {
            Servers::Single(client) => Connection::Single(open(client).await?),
            Servers::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
            Servers::Sentinel(client) => {
                let client = client.lock().await.async_get_client().await?;
                Connection::Single(open(&client).await?)
            }
        })
    }

    /// Takes the step once.
    async fn attempt(&self, operation: &str) -> RedisResult<String> {
        let connection = {
            let mut connection = self.connection.lock().await;
            match &*connection {
                Some(connection) => connection.clone(),
                None => connection.insert(self.connect().await?).clone(),
            }
        };
        let mut invocation = self.script.key(self.name.as_str());
        invocation.arg(operation);
        let reply = match connection {
            Connection::Single(mut connection) => invocation.invoke_async(&mut connection).await,
            Connection::Cluster(mut connection) => invocation.invoke_async(&mut connection).await,
        };
        if reply.is_err() {
            // Whatever it was, the next attempt begins anew.
            *self.connection.lock().await = None;
        }
        reply
    }

    async fn step(&self, operation: &Operation) -> Result<Reply, RedisStoreError> {
        let json = serde_json::to_string(operation).map_err(|_| self.version())?;
        let begin = Instant::now();
        let patience = if self.is_away(begin) {
            ATTEMPT / 5
        } else {
            PATIENCE
        };
        let end = begin + patience;
        let mut last = None;
        loop {
            match timeout_at(end, self.attempt(&json)).await {
                Ok(Ok(reply)) => {
                    *self.away() = None;
                    return serde_json::from_str(&reply).map_err(|_| self.version());
                }
                Ok(Err(error)) if is_final(&error) => {
                    return Err(RedisStoreError::Server {
                        server: self.shown.clone(),
                        source: error,
                    });
                }
                Ok(Err(error)) => last = Some(error),
                Err(_) => {}
            }
            if Instant::now() + AGAIN >= end {
                *self.away() = Some(Instant::now() + PATIENCE);
                return Err(RedisStoreError::Unreachable {
                    server: self.shown.clone(),
                    source: last,
                });
            }
            sleep(AGAIN).await;
        }
    }

    fn version(&self) -> RedisStoreError {
        RedisStoreError::Version {
            server: self.shown.clone(),
        }
    }

    fn away(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_away(&self, now: Instant) -> bool {
        self.away().is_some_and(|until| now < until)
    }
}

/// Whether the server would say the same again: it does not let us in, or the script fails there.
fn is_final(error: &RedisError) -> bool {
    use redis::{ErrorKind, ServerErrorKind};
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => true,
        ErrorKind::Server(kind) => matches!(kind, ServerErrorKind::ResponseError | ServerErrorKind::NoPerm),
        ErrorKind::Extension => matches!(
            error.code(),
            Some("NOAUTH" | "WRONGPASS" | "NOPERM" | "WRONGTYPE")
        ),
        _ => false,
    }
}

impl BudgetStore for RedisStore {
    fn apply<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, BudgetError>> {
        Box::pin(async {
            let reply = self.step(operation).await;
            reply.map_err(|error| BudgetError::Unavailable(error.into()))
        })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("server", &self.shown)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
