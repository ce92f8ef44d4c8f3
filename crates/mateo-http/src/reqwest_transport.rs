//! The transport that sends with reqwest: the one file that names it.

#[cfg(feature = "rustls")]
mod verifier;

use std::error::Error as StdError;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream;
use url::Url;

use crate::network;
use crate::transport::{
    Body, BoxFuture, PublicAddressesOnly, Request, Response, Transport, TransportError, TransportErrorKind,
    causes,
};

/// Sends requests with reqwest, over HTTP/1.1 and TLS.
///
/// With the feature `rustls` (the default), TLS is rustls with the *ring* provider and the platform's certificate
/// verifier, whatever provider the process may have installed; with `native-tls` alone, it is the platform's own TLS.
///
/// The platform's certificates are, on Unix, those of the system, or where `SSL_CERT_FILE` and `SSL_CERT_DIR` point: the
/// one thing that the TLS libraries read from the environment.
///
/// It follows no redirect, tries nothing twice, keeps no cookies, reads no environment, and uses a proxy only where one is
/// [set](ReqwestTransportBuilder::proxy).
///
/// A download whose host resolves to an address of this machine or of a private network is rejected (see
/// [`PublicAddressesOnly`](crate::transport::PublicAddressesOnly)); with a proxy, it is the proxy that resolves names.
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
pub struct ReqwestTransport {
    client: reqwest::Client,
    /// Connects to public addresses only.
    public: reqwest::Client,
}

impl ReqwestTransport {
    /// Settings, beginning from the defaults.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            connect_timeout: Duration::from_secs(5),
            proxy: None,
            no_proxy: String::new(),
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
    proxy: Option<String>,
    no_proxy: String,
    root_certificates: Vec<Vec<u8>>,
}

impl ReqwestTransportBuilder {
    /// How long connecting may take, TLS included; 5 s unless set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sends through this proxy: `http://` or `https://`, with a user name and a password where it needs them; a host
    /// without a scheme is taken as `http://`.
    ///
    /// All that leaves the machine is https, so a program that follows the environment gives `HTTPS_PROXY`, or else
    /// `ALL_PROXY`, and `NO_PROXY` to [`no_proxy`](Self::no_proxy). Requests to this machine (`localhost`, `127.0.0.0/8`,
    /// `::1`) never go through the proxy: they may be plain http, whose key the proxy would see.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// The hosts that are reached without the proxy, in the form of `NO_PROXY`: host names, which include their
    /// subdomains too, addresses, and networks such as `10.0.0.0/8`, separated by commas; `*` is every host.
    pub fn no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = hosts.into();
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
    pub fn build(self) -> Result<ReqwestTransport, TransportError> {
        let tls = tls(&self.root_certificates)?;
        let proxy = self.proxy.as_deref().map(proxy_url).transpose()?;
        let resolver = PublicResolver {
            proxy: proxy.as_ref().and_then(|url| url.host_str().map(str::to_owned)),
        };
        let client = self.client(&tls, proxy.as_ref())?;
        let public = self.client(&tls, proxy.as_ref())?.dns_resolver(resolver);
        Ok(ReqwestTransport {
            client: client.build().map_err(setting)?,
            public: public.build().map_err(setting)?,
        })
    }

    fn client(&self, tls: &Tls, proxy: Option<&Url>) -> Result<reqwest::ClientBuilder, TransportError> {
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .http1_only();
        let builder = match proxy {
            // Without this, reqwest would look for one in the environment.
            None => builder.no_proxy(),
            Some(url) => {
                let direct = format!("{LOOPBACK},{}", self.no_proxy);
                let proxy = reqwest::Proxy::all(url.clone()).map_err(setting)?;
                builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string(&direct)))
            }
        };
        Ok(with_tls(builder, tls))
    }
}

/// What is never reached through a proxy.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

fn proxy_url(text: &str) -> Result<Url, TransportError> {
    let scheme = if text.contains("://") { "" } else { "http://" };
    let why = match Url::parse(&format!("{scheme}{text}")) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => return Ok(url),
        Ok(url) => format!("has a scheme that is not supported: {}", url.scheme()),
        Err(error) => format!("cannot be read: {error}"),
    };
    let what = format!("the proxy's URL {why}");
    Err(TransportError::new(TransportErrorKind::Request, what))
}

/// The system's resolver, without the addresses of this machine and of private networks.
struct PublicResolver {
    /// The proxy's host, which may well be in a private network.
    proxy: Option<String>,
}

impl reqwest::dns::Resolve for PublicResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let proxy = self.proxy.as_deref();
        let is_proxy = proxy.is_some_and(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            addresses.retain(|address| is_proxy || !network::is_internal(address.ip()));
            if addresses.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// A host that only has addresses which a download must not lead to.
#[derive(Debug, thiserror::Error)]
#[error("the host's addresses are of this machine or of a private network")]
struct NotPublic;

impl fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "rustls")]
type Tls = rustls::ClientConfig;
#[cfg(feature = "rustls")]
type TlsError = rustls::Error;

/// TLS with rustls, *ring* and the platform's verifier. reqwest would take the process's provider, and panic where there
/// is none.
#[cfg(feature = "rustls")]
fn tls(root_certificates: &[Vec<u8>]) -> Result<Tls, TransportError> {
    use std::sync::Arc;

    use rustls::pki_types::{CertificateDer, pem::PemObject};

    let roots = root_certificates
        .iter()
        .flat_map(|pem| CertificateDer::pem_slice_iter(pem));
    let roots: Result<_, _> = roots.collect();
    let roots = roots.map_err(|error| {
        let what = format!("a root certificate is not PEM: {error:?}");
        TransportError::new(TransportErrorKind::Request, what)
    })?;
    let tls = |error| TransportError::new(TransportErrorKind::Tls, error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier::PlatformVerifier::new(roots, Arc::clone(&provider)).map_err(tls)?;
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(feature = "rustls")]
fn with_tls(builder: reqwest::ClientBuilder, tls: &Tls) -> reqwest::ClientBuilder {
    builder.tls_backend_preconfigured(tls.clone())
}

#[cfg(not(feature = "rustls"))]
type Tls = Vec<reqwest::Certificate>;
/// The platform's TLS errors have no type of their own here: they count as failed connections.
#[cfg(not(feature = "rustls"))]
type TlsError = std::convert::Infallible;

/// The platform's own TLS, with these certificates.
#[cfg(not(feature = "rustls"))]
fn tls(root_certificates: &[Vec<u8>]) -> Result<Tls, TransportError> {
    let certificates = root_certificates
        .iter()
        .map(|pem| reqwest::Certificate::from_pem_bundle(pem));
    let certificates: Result<Vec<_>, _> = certificates.collect();
    Ok(certificates.map_err(setting)?.concat())
}

#[cfg(not(feature = "rustls"))]
fn with_tls(builder: reqwest::ClientBuilder, tls: &Tls) -> reqwest::ClientBuilder {
    builder.tls_certs_merge(tls.clone()).tls_backend_native()
}

impl Transport for ReqwestTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let client = match request.extensions().get() {
                Some(PublicAddressesOnly) => &self.public,
                None => &self.client,
            };
            let request = request.try_into().map_err(failure)?;
            let mut response = client.execute(request).await.map_err(failure)?;
            let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
            let body = stream::try_unfold(response, async |mut response| {
                let chunk = response.chunk().await.map_err(body_failure)?;
                Ok(chunk.map(|chunk| (chunk, response)))
            });
            let mut response = Response::new(Body::from_stream(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
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
    } else if causes(&error).any(<dyn StdError>::is::<NotPublic>) || error.is_builder() {
        TransportErrorKind::Request
    } else if error.is_dns() {
        TransportErrorKind::Dns
    } else if error.is_connect() && causes(&error).any(<dyn StdError>::is::<TlsError>) {
        TransportErrorKind::Tls
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else {
        // What is left is a connection that ended, or a response that is not HTTP.
        TransportErrorKind::Reset
    };
    TransportError::new(kind, error.without_url())
}

fn body_failure(error: reqwest::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Body, error.without_url())
}

#[cfg(test)]
mod tests;
