//! What goes through a proxy, and what never does.

use mateo_model::{ImportQuery, Prefer};

use super::*;

/// A proxy that opens no tunnel.
async fn refusing() -> Server {
    let refusals = (0..9).map(|_| answer("502 Bad Gateway", b"")).collect();
    Server::answering(refusals).await
}

async fn page(proxy: &Server, base_url: &str, no_proxy: &str) -> Result<(), crate::error::Error> {
    let transport = ReqwestTransport::builder()
        .proxy(proxy.address.to_string())
        .no_proxy(no_proxy)
        .build()
        .unwrap();
    let pipeline = Pipeline::builder(ApiKey::new("s3cret"))
        .base_url(base_url)
        .transport(transport)
        .budget(KeyBudget::unlimited())
        .retry(Retry::none())
        .build()
        .unwrap();
    pipeline
        .page(&ImportQuery::new(), &Prefer::new(), None)
        .await
        .map(drop)
}

#[tokio::test]
async fn https_goes_through_the_proxy_as_a_tunnel_that_shows_no_key() {
    let proxy = refusing().await;
    let error = page(&proxy, "https://api.test", "").await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    let requests = proxy.requests.lock().await;
    assert!(
        requests[0].starts_with("CONNECT api.test:443 HTTP/1.1\r\n"),
        "{requests:?}"
    );
    assert!(!requests[0].contains("s3cret"), "{requests:?}");
}

#[tokio::test]
async fn this_machine_is_never_reached_through_a_proxy() {
    for host in ["127.0.0.1", "localhost"] {
        let (server, proxy) = (
            Server::answering(vec![answer("200 OK\r\ncontent-type: application/json", b"[]")]).await,
            refusing().await,
        );
        let base_url = format!("http://{host}:{}", server.address.port());
        page(&proxy, &base_url, "").await.unwrap();
        assert_eq!(proxy.requests.lock().await.len(), 0, "{host}");
    }
}

#[tokio::test]
async fn a_host_of_the_list_is_reached_without_the_proxy() {
    for list in ["api.test", "x, .test", "*"] {
        let proxy = refusing().await;
        // The name does not exist: what counts is who was asked.
        page(&proxy, "https://api.test", list).await.unwrap_err();
        assert_eq!(proxy.requests.lock().await.len(), 0, "{list}");
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error() {
    for url in ["no url at all", "socks5://proxy.test:1080", "http://"] {
        let proxy = ReqwestTransport::builder().proxy(url).build();
        assert_eq!(proxy.unwrap_err().kind(), TransportErrorKind::Request, "{url}");
    }
}

#[test]
fn a_proxys_password_is_not_shown() {
    let builder = ReqwestTransport::builder().proxy("http://user:s3cret@proxy.test:8080");
    let shown = format!("{builder:?}");
    let transport = builder.build().unwrap();
    assert!(!format!("{shown} {transport:?}").contains("s3cret"));
}
