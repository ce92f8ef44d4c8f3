//! The platform's certificate verifier, made when the first certificate comes.

use std::sync::{Arc, OnceLock};

use rustls::{
    DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use rustls_platform_verifier::Verifier;

/// The platform's verifier. Reading the platform's roots takes longer than a request to this machine, which needs none: they
/// are read at the first handshake, unless roots are added, which are checked at once.
#[derive(Debug)]
pub(super) struct PlatformVerifier {
    provider: Arc<CryptoProvider>,
    verifier: OnceLock<Result<Verifier, Error>>,
}

impl PlatformVerifier {
    pub(super) fn new(
        added_roots: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let verifier = OnceLock::new();
        if !added_roots.is_empty() {
            let eager = platform(added_roots, &provider)?;
            let _ = verifier.set(Ok(eager));
        }
        Ok(Self { provider, verifier })
    }

    fn verifier(&self) -> Result<&Verifier, Error> {
        let verifier = self.verifier.get_or_init(|| platform(Vec::new(), &self.provider));
        verifier.as_ref().map_err(Clone::clone)
    }
}

/// Android's verifier takes no more roots than its own.
#[cfg(target_os = "android")]
fn platform(_: Vec<CertificateDer<'static>>, provider: &Arc<CryptoProvider>) -> Result<Verifier, Error> {
    Verifier::new(Arc::clone(provider))
}

#[cfg(not(target_os = "android"))]
fn platform(
    added_roots: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, Error> {
    Verifier::new_with_extra_roots(added_roots, Arc::clone(provider))
}

impl ServerCertVerifier for PlatformVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verifier()?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
