//! Services of every shape as transports.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::Frame;

use super::*;

/// A body of frames, data and trailers and errors.
struct Frames(VecDeque<Result<Frame<Bytes>, io::Error>>);

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.0.pop_front())
    }
}

/// Answers only after it said that it is ready, and cannot be shared by threads.
#[derive(Clone, Default)]
struct Strict {
    ready: std::cell::Cell<bool>,
    fails: Option<io::ErrorKind>,
    breaks_off: bool,
}

impl Service<http::Request<Full<Bytes>>> for Strict {
    type Response = http::Response<Frames>;
    type Error = io::Error;
    type Future = future::Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.ready.set(true);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Full<Bytes>>) -> Self::Future {
        assert!(self.ready.replace(false), "called before it was ready");
        if let Some(kind) = self.fails {
            return future::ready(Err(kind.into()));
        }
        let mut frames = VecDeque::from([
            Ok(Frame::data("[1,".into())),
            Ok(Frame::trailers(http::HeaderMap::new())),
            Ok(Frame::data("2]".into())),
        ]);
        if self.breaks_off {
            frames.push_back(Err(io::ErrorKind::InvalidData.into()));
        }
        future::ready(Ok(http::Response::new(Frames(frames))))
    }
}

async fn send(service: Strict) -> Result<Bytes, TransportErrorKind> {
    let request = http::Request::get("https://api.test/")
        .body(Bytes::new())
        .unwrap();
    let transport: Box<dyn Transport> = Box::new(TowerTransport::new(service));
    let response = transport.send(request).await.map_err(|error| error.kind())?;
    response
        .into_body()
        .collect(100)
        .await
        .map_err(|error| error.kind())
}

#[tokio::test]
async fn data_frames_are_the_body() {
    assert_eq!(send(Strict::default()).await.unwrap(), "[1,2]");
}

#[tokio::test]
async fn errors_are_judged_by_the_io_error_among_their_causes() {
    let table = [
        (io::ErrorKind::ConnectionRefused, TransportErrorKind::Connect),
        (io::ErrorKind::TimedOut, TransportErrorKind::Timeout),
        (io::ErrorKind::ConnectionReset, TransportErrorKind::Reset),
        (io::ErrorKind::PermissionDenied, TransportErrorKind::Other),
    ];
    for (fails, kind) in table {
        assert_eq!(
            send(Strict {
                fails: Some(fails),
                ..Strict::default()
            })
            .await,
            Err(kind),
            "{fails:?}"
        );
    }
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    assert_eq!(
        send(Strict {
            breaks_off: true,
            ..Strict::default()
        })
        .await,
        Err(TransportErrorKind::Body)
    );
}

fn kind(error: impl StdError + Send + Sync + 'static, classify: &Classify) -> TransportErrorKind {
    failure(Box::new(error), classify, TransportErrorKind::Other).kind()
}

#[test]
fn a_transports_own_error_keeps_its_kind() {
    let own = TransportError::from(TransportErrorKind::Tls);
    assert_eq!(kind(own, &|_| None), TransportErrorKind::Tls);
    let within = io::Error::other(TransportError::from(TransportErrorKind::Tls));
    assert_eq!(kind(within, &|_| None), TransportErrorKind::Tls);
}

#[test]
fn a_service_can_say_what_its_errors_mean() {
    let classify = |error: &(dyn StdError + 'static)| {
        error
            .is::<std::num::ParseIntError>()
            .then_some(TransportErrorKind::Reset)
    };
    let own = || "x".parse::<u8>().unwrap_err();
    assert_eq!(kind(own(), &classify), TransportErrorKind::Reset);
    let within = TransportError::new(TransportErrorKind::Tls, own());
    assert_eq!(kind(within, &classify), TransportErrorKind::Reset);
    assert_eq!(kind(own(), &|_| None), TransportErrorKind::Other);
}

/// Never answers the first request, and every other one with no rows.
fn slow_at_first() -> impl Service<
    http::Request<Full<Bytes>>,
    Response = http::Response<Full<Bytes>>,
    Error = io::Error,
    Future: Send,
> + Clone
+ Send
+ 'static {
    let requests = Arc::new(std::sync::atomic::AtomicU32::new(0));
    tower::service_fn(move |request: http::Request<Full<Bytes>>| {
        let number = requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            assert!(request.headers().contains_key("authorization"));
            if number == 0 {
                future::pending::<()>().await;
            }
            Ok(http::Response::new(Full::from("[]")))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_of_tower_is_a_timeout_and_is_tried_again() {
    let service = tower::ServiceBuilder::new()
        .buffer(4)
        .rate_limit(10, std::time::Duration::from_secs(1))
        .timeout(std::time::Duration::from_secs(1))
        .service(slow_at_first());
    let pipeline = crate::pipeline::Pipeline::builder(crate::secret::ApiKey::new("s3cret"))
        .transport(TowerTransport::new(service))
        .build()
        .unwrap();
    let query = mateo_model::ImportQuery::new();
    let page = pipeline
        .page(&query, &mateo_model::Prefer::new(), None)
        .await
        .unwrap();
    assert_eq!((page.body.as_ref(), page.attempts), (&b"[]"[..], 2));
}
