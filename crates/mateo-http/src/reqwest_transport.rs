//! The transport that sends with reqwest: the one file that names it.

#[cfg(feature = "rustls")]
mod verifier;

#[cfg(feature = "rustls")]
use std::{error::Error as StdError, io, iter};
use std::{fmt, time::Duration};

use futures_util::stream;

use crate::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind};

/// Sends requests with reqwest, over HTTP/1.1 and TLS.
///
/// With the feature `rustls` (the default), TLS is rustls with the *ring* provider and the platform's certificate
/// verifier, whatever provider the process may have installed; with `native-tls` alone, it is the platform's own TLS.
///
/// The platform's certificates are, on Unix, those of the system, or where `SSL_CERT_FILE` and `SSL_CERT_DIR` point: the
/// one thing that the TLS libraries read from the environment.
///
/// It follows no redirect, tries nothing twice, keeps no cookies, and uses a proxy only if it is told to.
///
/// ```
/// use std::time::Duration;
///
/// use mateo_http::ReqwestTransport;
///
/// let transport = ReqwestTransport::builder().connect_timeout(Duration::from_secs(3)).build()?;
/// # let _ = transport;
/// # Ok::<(), mateo_http::TransportError>(())
/// ```
#[derive(Clone)]
pub struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// Settings, beginning from the defaults.
    ///
    /// ```
    /// use mateo_http::ReqwestTransport;
    ///
    /// let transport = ReqwestTransport::builder().build()?;
    /// # Ok::<(), mateo_http::TransportError>(())
    /// ```
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(90),
            proxy: Proxy::None,
            root_certificates: Vec::new(),
        }
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport")
    }
}

/// Settings of a [`ReqwestTransport`].
///
/// ```
/// use mateo_http::{ApiKey, Pipeline, ReqwestTransport};
///
/// let transport = ReqwestTransport::builder().proxy("http://proxy.example:3128").build()?;
/// let pipeline = Pipeline::builder(ApiKey::new("…")).transport(transport).build()?;
/// # let _ = pipeline;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct ReqwestTransportBuilder {
    connect_timeout: Duration,
    idle_timeout: Duration,
    proxy: Proxy,
    root_certificates: Vec<Vec<u8>>,
}

enum Proxy {
    None,
    Environment,
    Url(String),
}

impl ReqwestTransportBuilder {
    /// How long connecting may take, TLS included; 5 s unless set.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mateo_http::ReqwestTransport;
    ///
    /// let settings = ReqwestTransport::builder().connect_timeout(Duration::from_secs(3));
    /// ```
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long a connection is kept for the next request; 90 s unless set.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mateo_http::ReqwestTransport;
    ///
    /// let settings = ReqwestTransport::builder().idle_timeout(Duration::from_secs(30));
    /// ```
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// Sends everything through this proxy, which may hold a user name and a password.
    ///
    /// ```
    /// use mateo_http::ReqwestTransport;
    ///
    /// let settings = ReqwestTransport::builder().proxy("http://proxy.example:3128");
    /// ```
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Proxy::Url(url.into());
        self
    }

    /// Uses the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY` …). A library does not do that unasked.
    ///
    /// ```
    /// use mateo_http::ReqwestTransport;
    ///
    /// let settings = ReqwestTransport::builder().proxy_from_environment();
    /// ```
    pub fn proxy_from_environment(mut self) -> Self {
        self.proxy = Proxy::Environment;
        self
    }

    /// Trusts these certificates, in PEM, too: for a proxy that opens TLS.
    ///
    /// ```no_run
    /// use mateo_http::ReqwestTransport;
    ///
    /// let pem = std::fs::read("company-root.pem")?;
    /// let transport = ReqwestTransport::builder().root_certificates_pem(pem).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn root_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// The transport.
    ///
    /// # Errors
    /// [`TransportErrorKind::Tls`] where TLS cannot be set up; [`TransportErrorKind::Request`] where the proxy's URL or a
    /// certificate cannot be read.
    ///
    /// ```
    /// use mateo_http::ReqwestTransport;
    ///
    /// let refused = ReqwestTransport::builder().proxy("no url").build();
    /// assert!(refused.is_err());
    /// ```
    pub fn build(self) -> Result<ReqwestTransport, TransportError> {
        let tls = Tls::new(&self.root_certificates)?;
        let client = self.client(&tls)?.build().map_err(setting)?;
        Ok(ReqwestTransport(client))
    }

    fn client(&self, tls: &Tls) -> Result<reqwest::ClientBuilder, TransportError> {
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(self.idle_timeout)
            .http1_only();
        let builder = match &self.proxy {
            Proxy::None => builder.no_proxy(),
            Proxy::Environment => builder,
            Proxy::Url(url) => builder.proxy(reqwest::Proxy::all(url).map_err(setting)?),
        };
        tls.configure(builder)
    }
}

impl fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish_non_exhaustive()
    }
}

/// TLS with rustls, *ring* and the platform's verifier. reqwest would take the process's provider, and panic where there
/// is none.
#[cfg(feature = "rustls")]
struct Tls(rustls::ClientConfig);

#[cfg(feature = "rustls")]
impl Tls {
    fn new(root_certificates: &[Vec<u8>]) -> Result<Self, TransportError> {
        use std::sync::Arc;

        use rustls::pki_types::{CertificateDer, pem::PemObject};

        let mut roots = Vec::new();
        for pem in root_certificates {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| {
                    TransportError::new(
                        TransportErrorKind::Request,
                        format!("a root certificate is not PEM: {error:?}"),
                    )
                })?;
                roots.push(certificate);
            }
        }
        let tls = |error: rustls::Error| TransportError::new(TransportErrorKind::Tls, error);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = verifier::PlatformVerifier::new(roots, Arc::clone(&provider)).map_err(tls)?;
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(config))
    }

    // The other backend's can fail.
    #[allow(clippy::unnecessary_wraps, reason = "the other backend's can fail")]
    fn configure(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, TransportError> {
        Ok(builder.tls_backend_preconfigured(self.0.clone()))
    }
}

/// The platform's own TLS.
#[cfg(not(feature = "rustls"))]
struct Tls(Vec<Vec<u8>>);

#[cfg(not(feature = "rustls"))]
impl Tls {
    #[allow(clippy::unnecessary_wraps, reason = "the other backend's can fail")]
    fn new(root_certificates: &[Vec<u8>]) -> Result<Self, TransportError> {
        Ok(Self(root_certificates.to_vec()))
    }

    fn configure(
        &self,
        mut builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, TransportError> {
        for pem in &self.0 {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(setting)?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(builder.tls_backend_native())
    }
}

impl Transport for ReqwestTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = reqwest::Url::parse(&parts.uri.to_string())
                .map_err(|error| TransportError::new(TransportErrorKind::Request, error))?;
            let mut outgoing = reqwest::Request::new(parts.method, url);
            *outgoing.headers_mut() = parts.headers;
            if !body.is_empty() {
                *outgoing.body_mut() = Some(body.into());
            }
            let mut response = self.0.execute(outgoing).await.map_err(failure)?;
            let (status, version) = (response.status(), response.version());
            let headers = std::mem::take(response.headers_mut());
            let body = stream::try_unfold(response, async |mut response| {
                let chunk = response.chunk().await.map_err(body_failure)?;
                Ok(chunk.map(|chunk| (chunk, response)))
            });
            let mut response = Response::new(Body::from_stream(body));
            (
                *response.status_mut(),
                *response.version_mut(),
                *response.headers_mut(),
            ) = (status, version, headers);
            Ok(response)
        })
    }
}

fn setting(error: reqwest::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Request, error.without_url())
}

fn failure(error: reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() && !error.is_connect() {
        TransportErrorKind::Timeout
    } else if error.is_dns() {
        TransportErrorKind::Dns
    } else if error.is_connect() {
        if is_tls(&error) {
            TransportErrorKind::Tls
        } else {
            TransportErrorKind::Connect
        }
    } else if error.is_builder() {
        TransportErrorKind::Request
    } else {
        // What is left is a connection that ended, or an answer that is not HTTP.
        TransportErrorKind::Reset
    };
    TransportError::new(kind, error.without_url())
}

fn body_failure(error: reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Body
    };
    TransportError::new(kind, error.without_url())
}

#[cfg(feature = "rustls")]
fn is_tls(error: &reqwest::Error) -> bool {
    let mut inner = io_errors(error).filter_map(io::Error::get_ref);
    inner.any(<dyn StdError + Send + Sync>::is::<rustls::Error>)
}

/// The platform's TLS errors have no type of their own here: they count as failed connections.
#[cfg(not(feature = "rustls"))]
fn is_tls(_error: &reqwest::Error) -> bool {
    false
}

/// The I/O errors among the causes, those that are wrapped in one another included.
#[cfg(feature = "rustls")]
fn io_errors(error: &reqwest::Error) -> impl Iterator<Item = &io::Error> {
    let mut cause = error.source();
    let mut inner: Option<&io::Error> = None;
    iter::from_fn(move || {
        loop {
            if let Some(error) = inner {
                inner = error.get_ref().and_then(|error| error.downcast_ref());
                return Some(error);
            }
            let error = cause?;
            cause = error.source();
            inner = error.downcast_ref();
        }
    })
}

#[cfg(test)]
mod tests;
