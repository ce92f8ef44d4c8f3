//! Certificates over a real socket: the platform's roots are read at the first handshake, and hold from then on.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::reqwest_transport::ReqwestTransport;
use crate::transport::{Response, Transport, TransportError, TransportErrorKind};

/// For `localhost` and `127.0.0.1`, signed by nobody else, valid until 2125. Its key is for these tests only.
const CERTIFICATE: &[u8] = include_bytes!("self_signed.pem");
const KEY: &[u8] = include_bytes!("self_signed.key.pem");

/// A server that answers one request on each of `connections` connections, where a handshake is agreed on.
fn server(connections: usize) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for _ in 0..connections {
            let (socket, _) = listener.accept().unwrap();
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, socket);
            // A client that refuses the certificate ends the connection here.
            if stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]");
                let _ = stream.flush();
            }
        }
    });
    address
}

async fn get(transport: &ReqwestTransport, address: SocketAddr) -> Result<Response, TransportError> {
    let request = http::Request::get(format!("https://{address}/"));
    transport.send(request.body(Bytes::new()).unwrap()).await
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_each_time() {
    let address = server(2);
    let transport = ReqwestTransport::builder().build().unwrap();
    for _ in 0..2 {
        let error = get(&transport, address).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Tls, "{error:?}");
    }
}

// Other platforms have rules of their own for what a root may be.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_certificate_that_was_added_is_trusted() {
    let address = server(1);
    let transport = ReqwestTransport::builder()
        .root_certificates_pem(CERTIFICATE)
        .build()
        .unwrap();
    let response = get(&transport, address).await.unwrap();
    assert_eq!(response.into_body().collect(1024).await.unwrap(), "[]");
}
