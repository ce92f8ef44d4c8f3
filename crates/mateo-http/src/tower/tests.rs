//! Services of every shape as transports.

use std::collections::VecDeque;

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

impl Service<Request> for Strict {
    type Response = http::Response<Frames>;
    type Error = io::Error;
    type Future = future::Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.ready.set(true);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
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

#[test]
fn a_transports_own_error_keeps_its_kind() {
    let error = failure(
        Box::new(TransportError::from(TransportErrorKind::Tls)),
        TransportErrorKind::Other,
    );
    assert_eq!(error.kind(), TransportErrorKind::Tls);
}
