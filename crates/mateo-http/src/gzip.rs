//! Undoing gzip, with the bound on the bytes that come out.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::GzDecoder;
use http::{HeaderMap, HeaderValue, header};

use crate::transport::{Body, TransportError, TransportErrorKind};

/// What a request for a page says it can read.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip");

/// Gzip shrinks to a thousandth at best: so much is fed at once that the bound is overshot by a few megabytes at most.
const SLICE: usize = 4096;

/// The whole body without its content coding, of at most `max_bytes` bytes.
pub(crate) async fn collect(
    headers: &HeaderMap,
    mut body: Body,
    max_bytes: usize,
) -> Result<Bytes, TransportError> {
    match coding(headers) {
        Coding::None => body.collect_expecting(announced(headers), max_bytes).await,
        Coding::Other => Err(not_asked_for()),
        Coding::Gzip => {
            let mut gunzip = Gunzip::default();
            while let Some(chunk) = body.chunk().await?
                && gunzip.feed_bounded(&chunk, max_bytes)?
            {}
            gunzip.whole(max_bytes)
        }
    }
}

/// The length that is announced. It saves growing a buffer; more than a page's usual size is not believed before it
/// has come.
fn announced(headers: &HeaderMap) -> usize {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    length
        .and_then(|length| length.parse().ok())
        .unwrap_or(0)
        .min(1 << 20)
}

/// A body that is there as a whole, without its content coding.
#[cfg(any(test, feature = "record"))]
pub(crate) fn decode(headers: &HeaderMap, body: &[u8], max_bytes: usize) -> Result<Bytes, TransportError> {
    match coding(headers) {
        Coding::None => Ok(Bytes::copy_from_slice(body)),
        Coding::Other => Err(not_asked_for()),
        Coding::Gzip => {
            let mut gunzip = Gunzip::default();
            gunzip.feed_bounded(body, max_bytes)?;
            gunzip.whole(max_bytes)
        }
    }
}

/// The start of a body, as far as it can be read: for what an error shows.
pub(crate) async fn start(headers: &HeaderMap, body: Body, max_bytes: usize) -> Bytes {
    let start = body.start(max_bytes).await;
    if !matches!(coding(headers), Coding::Gzip) {
        return start;
    }
    let mut gunzip = Gunzip::default();
    // Whatever came out before it broke off is what there is to show.
    let _ = gunzip.feed_bounded(&start, max_bytes);
    let _ = gunzip.decoder.flush();
    let mut shown = gunzip.take();
    shown.truncate(max_bytes);
    shown.into()
}

enum Coding {
    None,
    Gzip,
    Other,
}

fn coding(headers: &HeaderMap) -> Coding {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else {
        return Coding::None;
    };
    let value = value.as_bytes().trim_ascii();
    let is = |name: &[u8]| value.eq_ignore_ascii_case(name);
    if is(b"gzip") || is(b"x-gzip") {
        Coding::Gzip
    } else if is(b"identity") || value.is_empty() {
        Coding::None
    } else {
        Coding::Other
    }
}

/// Undoes gzip as it arrives: [`feed`](Self::feed) what came, [`take`](Self::take) what it gave.
///
/// Several members in a row are one file (RFC 1952, section 2.2). What follows a complete member and is none itself (zeros,
/// say) is not part of it, and passed over.
#[derive(Debug)]
pub struct Gunzip {
    decoder: GzDecoder<Vec<u8>>,
    /// A member is complete, so that what follows need not be one.
    may_end: bool,
    ended: bool,
}

/// At the beginning of a file.
impl Default for Gunzip {
    fn default() -> Self {
        Self {
            decoder: GzDecoder::new(Vec::new()),
            may_end: false,
            ended: false,
        }
    }
}

impl Gunzip {
    /// The next piece of the file. Gzip shrinks to a thousandth at best: a piece of 4 KiB gives 4 MiB at most.
    ///
    /// # Errors
    /// [`TransportErrorKind::Decode`] where it is no gzip.
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), TransportError> {
        while !piece.is_empty() && !self.ended {
            match self.decoder.write(piece) {
                Ok(0) => {
                    self.decoder.try_finish().map_err(failure)?;
                    let output = self.take();
                    self.decoder = GzDecoder::new(output);
                    self.may_end = true;
                }
                Ok(taken) => piece = piece.get(taken..).unwrap_or_default(),
                Err(_) if self.may_end && self.decoder.header().is_none() => self.ended = true,
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(())
    }

    /// What came out since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.decoder.get_mut())
    }

    /// The file has ended.
    ///
    /// # Errors
    /// [`TransportErrorKind::Body`] where its end is missing, a part of the checksum included, or the checksum is wrong.
    pub fn finish(&mut self) -> Result<(), TransportError> {
        if self.may_end && self.decoder.header().is_none() {
            return Ok(());
        }
        let broken = |error| TransportError::new(TransportErrorKind::Body, error);
        self.decoder.try_finish().map_err(broken)
    }

    /// Feeds without more than `max_bytes` coming out; whether more can follow.
    fn feed_bounded(&mut self, piece: &[u8], max_bytes: usize) -> Result<bool, TransportError> {
        for slice in piece.chunks(SLICE) {
            self.feed(slice)?;
            self.check(max_bytes)?;
        }
        Ok(!self.ended)
    }

    fn check(&self, max_bytes: usize) -> Result<(), TransportError> {
        if self.decoder.get_ref().len() > max_bytes {
            return Err(failure(io::ErrorKind::FileTooLarge.into()));
        }
        Ok(())
    }

    fn whole(mut self, max_bytes: usize) -> Result<Bytes, TransportError> {
        self.finish()?;
        self.check(max_bytes)?;
        Ok(self.take().into())
    }
}

fn not_asked_for() -> TransportError {
    TransportError::new(
        TransportErrorKind::Decode,
        "a content coding that was not asked for",
    )
}

fn failure(error: io::Error) -> TransportError {
    let kind = match error.kind() {
        io::ErrorKind::FileTooLarge => TransportErrorKind::TooLarge,
        _ => TransportErrorKind::Decode,
    };
    TransportError::new(kind, error)
}

#[cfg(test)]
pub(crate) fn encode(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn headers(coding: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_ENCODING, coding.parse().unwrap())])
    }

    fn chunked(bytes: &[u8], size: usize) -> Body {
        let chunks: Vec<_> = bytes
            .chunks(size)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        Body::from_stream(stream::iter(chunks))
    }

    async fn decoded(bytes: &[u8], size: usize, max: usize) -> Result<Bytes, TransportErrorKind> {
        collect(&headers("GZip"), chunked(bytes, size), max)
            .await
            .map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn gzip_in_chunks_of_any_size_comes_out_whole() {
        let plain: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        let packed = encode(&plain);
        for size in [1, 7, 5000, packed.len()] {
            assert_eq!(decoded(&packed, size, plain.len()).await.unwrap(), plain);
        }
    }

    #[tokio::test]
    async fn the_bound_is_on_what_comes_out() {
        let bomb = encode(&vec![0; 5 << 20]);
        assert!(bomb.len() < 10_000);
        assert_eq!(
            decoded(&bomb, 1 << 20, 1 << 16).await,
            Err(TransportErrorKind::TooLarge)
        );
        assert_eq!(
            decoded(&encode(b"abcd"), 100, 3).await,
            Err(TransportErrorKind::TooLarge)
        );
    }

    #[tokio::test]
    async fn gzip_that_is_cut_off_is_a_body_that_broke_off() {
        let packed = encode(b"[1,2,3]");
        for length in 1..packed.len() {
            let result = decoded(&packed[..length], 100, 100).await;
            assert_eq!(
                result,
                Err(TransportErrorKind::Body),
                "{length} of {}",
                packed.len()
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_gzip_is_a_decoding_error() {
        assert_eq!(
            decoded(b"plain text that is no gzip", 100, 100).await,
            Err(TransportErrorKind::Decode)
        );
        let other = collect(&headers("br"), Body::from("x"), 100).await.unwrap_err();
        assert_eq!(other.kind(), TransportErrorKind::Decode);
    }

    #[tokio::test]
    async fn members_in_a_row_are_one_and_what_follows_them_is_passed_over() {
        let (one, two) = (encode(b"[1,"), encode(b"2]"));
        let whole = [one.as_slice(), &two].concat();
        let tails = [
            &b""[..],
            &[0; 600],
            b"x",
            &[0x1f],
            &[0x1f, 0x8b, 7],
            b"\r\n--trailer",
        ];
        for tail in tails {
            let file = [whole.as_slice(), tail].concat();
            for size in [1, 7, 5000] {
                assert_eq!(
                    decoded(&file, size, 100).await.unwrap(),
                    "[1,2]",
                    "{tail:?} {size}"
                );
            }
        }
        // The second member is cut off: that is no tail.
        let cut = &whole[..whole.len() - 3];
        assert_eq!(decoded(cut, 5000, 100).await, Err(TransportErrorKind::Body));
    }

    #[tokio::test]
    async fn a_byte_that_changed_on_the_way_is_noticed() {
        let mut changed = encode(b"[1,2,3]");
        let checksum = changed.len() - 6;
        changed[checksum] ^= 1;
        assert_eq!(decoded(&changed, 100, 100).await, Err(TransportErrorKind::Body));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic_and_none_come_out_beyond_the_bound(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            if let Ok(decoded) = decode(&headers("gzip"), &bytes, 50) {
                assert!(decoded.len() <= 50);
            }
            assert_eq!(decode(&headers("gzip"), &encode(&bytes), 200).unwrap(), bytes);
        }
    }

    #[tokio::test]
    async fn without_a_coding_nothing_is_undone() {
        for map in [HeaderMap::new(), headers("identity"), headers("")] {
            assert_eq!(collect(&map, Body::from("abc"), 3).await.unwrap(), "abc");
        }
    }

    #[tokio::test]
    async fn the_start_of_an_error_is_shown_as_far_as_it_can_be_read() {
        let packed = encode(b"<html>");
        assert_eq!(start(&headers("gzip"), Body::from(packed), 100).await, "<html>");
        assert_eq!(start(&headers("gzip"), Body::from("no gzip"), 100).await, "");
        assert_eq!(start(&HeaderMap::new(), Body::from("plain"), 3).await, "pla");
    }
}
