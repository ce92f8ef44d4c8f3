//! From a connection string to a session.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failed;
use crate::store::{StoreError, StoreErrorKind};

/// How long connecting may take, unless the connection string says so.
const PATIENCE: Duration = Duration::from_secs(10);

/// The schema, unless one is set.
const SCHEMA: &str = "mateo";

/// Where a copy in PostgreSQL is, and how it is reached.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client, password: String) -> Result<(), Box<dyn std::error::Error>> {
/// use mateo_sync::{Postgres, Syncer};
///
/// let store = Postgres::new("postgres://sync@db.example.com/crm?sslmode=require")
///     .password(password)
///     .schema("mateo")
///     .open()
///     .await?;
/// println!("{}", Syncer::new(client, store).run().await?);
/// # Ok(())
/// # }
/// ```
///
/// TLS certificates are always checked: `sslmode=require`, `verify-ca` and `verify-full` mean the same, and so does
/// `prefer`, the default, where the server has TLS. A server on this machine is reached without TLS unless it is
/// required.
#[must_use]
#[derive(Clone)]
pub struct Postgres {
    pub(super) url: String,
    pub(super) schema: String,
    password: Option<String>,
    roots: Option<Vec<u8>>,
}

impl Postgres {
    /// The database of a connection string, a URL or `key=value` words as libpq has them.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: SCHEMA.to_owned(),
            password: None,
            roots: None,
        }
    }

    /// The schema that holds the copy and nothing else, made where it isn't there; `mateo` unless set.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// The password, where the connection string has none.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The certificates, in PEM, of which one must have signed the server's: they stand in for the platform's.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// A session, and the name of its place for a person.
    pub(super) async fn connect(&self) -> Result<(Client, String), StoreError> {
        let (config, place) = self.config()?;
        let client = if config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = config
                .connect(NoTls)
                .await
                .map_err(|error| failed(error, &place))?;
            // It ends with the client.
            tokio::spawn(connection);
            client
        } else {
            let tls = MakeRustlsConnect::new(self.tls(&place)?);
            let (client, connection) = config.connect(tls).await.map_err(|error| {
                let error = failed(error, &place);
                if error.to_string().contains("certificate") {
                    let text =
                        format!("{error}; set sslrootcert, or sslmode=disable in a network that you trust");
                    return StoreError::new(StoreErrorKind::Usage, text).caused_by(error);
                }
                error
            })?;
            tokio::spawn(connection);
            client
        };
        Ok((client, place))
    }

    fn config(&self) -> Result<(Config, String), StoreError> {
        let url = ["verify-full", "verify-ca"]
            .iter()
            .fold(self.url.clone(), |url, mode| {
                url.replace(&format!("sslmode={mode}"), "sslmode=require")
            });
        let mut config: Config = url.parse().map_err(|error| {
            let text = format!(
                "the connection string can't be read: {}",
                super::innermost(&error)
            );
            StoreError::new(StoreErrorKind::Usage, text)
        })?;
        if config.get_password().is_none()
            && let Some(password) = &self.password
        {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("mateo");
        }
        if config.get_ssl_mode() == SslMode::Prefer && config.get_hosts().iter().all(is_here) {
            config.ssl_mode(SslMode::Disable);
        }
        let place = place(&config);
        Ok((config, place))
    }

    fn tls(&self, place: &str) -> Result<ClientConfig, StoreError> {
        let wrong = |what: String| {
            StoreError::new(
                StoreErrorKind::Usage,
                format!("TLS to {place} can't be set up: {what}"),
            )
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(error.to_string()))?;
        let config = if let Some(pem) = &self.roots {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate =
                    certificate.map_err(|error| wrong(format!("root certificates: {error}")))?;
                roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
            }
            config.with_root_certificates(roots)
        } else {
            let verifier = Verifier::new(provider).map_err(|error| wrong(error.to_string()))?;
            config
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
        };
        Ok(config.with_no_client_auth())
    }
}

/// Whether the host is this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// The database's place without its password.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => String::new(),
    };
    let port = config
        .get_ports()
        .first()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("PostgreSQL at {host}{port}/{database}")
}

/// Without the connection string, which may hold a password.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}
