//! The bound on a collected body, and bodies that break off.

use futures_util::stream;

use super::*;

fn chunks(parts: &[&'static str]) -> Body {
    let parts: Vec<_> = parts
        .iter()
        .map(|part| Ok(Bytes::from_static(part.as_bytes())))
        .collect();
    Body::from_stream(stream::iter(parts))
}

#[tokio::test]
async fn collects_up_to_exactly_the_bound() {
    assert_eq!(chunks(&["ab", "c", "de"]).collect(5).await.unwrap(), "abcde");
    assert_eq!(Body::from("abcde").collect(5).await.unwrap(), "abcde");
    assert_eq!(Body::default().collect(0).await.unwrap(), "");
}

#[tokio::test]
async fn refuses_one_byte_more_than_the_bound() {
    for body in [
        chunks(&["ab", "c", "de"]),
        chunks(&["abcde"]),
        Body::from("abcde".to_owned()),
    ] {
        assert_eq!(
            body.collect(4).await.unwrap_err().kind(),
            TransportErrorKind::TooLarge
        );
    }
}

#[tokio::test]
async fn stops_reading_at_the_bound() {
    // An endless body: the test ends only because collecting does.
    let body = Body::from_stream(stream::repeat_with(|| Ok(Bytes::from_static(b"xxxxxxxx"))));
    assert_eq!(
        body.collect(1 << 20).await.unwrap_err().kind(),
        TransportErrorKind::TooLarge
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_not_a_short_body() {
    let parts = vec![
        Ok(Bytes::from_static(b"[1,")),
        Err(TransportErrorKind::Body.into()),
    ];
    let error = Body::from_stream(stream::iter(parts))
        .collect(100)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Body);
}

#[tokio::test]
async fn the_start_of_a_body_is_cut_and_forgives_errors() {
    let parts = vec![
        Ok(Bytes::from_static(b"<html>")),
        Err(TransportErrorKind::Body.into()),
    ];
    assert_eq!(Body::from_stream(stream::iter(parts)).start(100).await, "<html>");
    assert_eq!(chunks(&["abc", "def"]).start(4).await, "abcd");
}

#[test]
fn debug_never_shows_the_bytes() {
    assert_eq!(format!("{:?}", Body::from("secret")), "Body(6 bytes)");
    assert_eq!(format!("{:?}", chunks(&["secret"])), "Body(stream)");
}
