//! Undoing gzip as it arrives, a bounded piece at a time.

use std::io::Write;

use bytes::Bytes;
use flate2::write::GzDecoder;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, header};

use crate::transport::{Body, TransportError, TransportErrorKind};

/// What a request for a page says it can read.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip");

/// So much is decoded at once. Gzip shrinks to a thousandth at best: that gives 4 MiB at most.
const SLICE: usize = 4096;

/// The body without its content coding.
pub(crate) fn decode(headers: &HeaderMap, body: Body) -> Result<Body, TransportError> {
    let coding = headers.get(header::CONTENT_ENCODING);
    let coding = coding.map_or(&b""[..], |value| value.as_bytes().trim_ascii());
    let is = |name: &[u8]| coding.eq_ignore_ascii_case(name);
    if coding.is_empty() || is(b"identity") {
        Ok(body)
    } else if is(b"gzip") || is(b"x-gzip") {
        Ok(gunzipped(body))
    } else {
        let what = "a content coding that was not asked for";
        Err(TransportError::new(TransportErrorKind::Decode, what))
    }
}

fn gunzipped(body: Body) -> Body {
    let start = (body, Some(Gunzip::default()), Bytes::new());
    Body::from_stream(stream::try_unfold(
        start,
        async |(mut body, mut gunzip, mut packed)| {
            while let Some(decoder) = &mut gunzip {
                let plain = match decoder.feed(&mut packed)? {
                    Some(plain) => plain,
                    None => match body.chunk().await? {
                        Some(chunk) => {
                            packed = chunk;
                            continue;
                        }
                        None => gunzip.take().map_or(Ok(Bytes::new()), Gunzip::finish)?,
                    },
                };
                return Ok(Some((plain, (body, gunzip, packed))));
            }
            Ok(None)
        },
    ))
}

/// Undoes gzip as it arrives: [`feed`](Self::feed) what came, and [`finish`](Self::finish).
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
    /// Takes as much from the front of `packed` as gives something: a piece of at most 4 MiB. `None` where it is used up.
    ///
    /// # Errors
    /// [`TransportErrorKind::Decode`] where it is no gzip.
    pub fn feed(&mut self, packed: &mut Bytes) -> Result<Option<Bytes>, TransportError> {
        while !packed.is_empty() {
            self.write(&packed.split_to(SLICE.min(packed.len())))?;
            if !self.decoder.get_ref().is_empty() {
                return Ok(Some(std::mem::take(self.decoder.get_mut()).into()));
            }
        }
        Ok(None)
    }

    fn write(&mut self, mut piece: &[u8]) -> Result<(), TransportError> {
        let invalid = |error| TransportError::new(TransportErrorKind::Decode, error);
        while !piece.is_empty() && !self.ended {
            match self.decoder.write(piece) {
                Ok(0) => {
                    self.decoder.try_finish().map_err(invalid)?;
                    let output = std::mem::take(self.decoder.get_mut());
                    self.decoder = GzDecoder::new(output);
                    self.may_end = true;
                }
                Ok(taken) => piece = piece.get(taken..).unwrap_or_default(),
                Err(_) if self.may_end && self.decoder.header().is_none() => self.ended = true,
                Err(error) => return Err(invalid(error)),
            }
        }
        Ok(())
    }

    /// The file has ended: what is left of it, which may be nothing.
    ///
    /// # Errors
    /// [`TransportErrorKind::Body`] where its end is missing, a part of the checksum included, or the checksum is wrong.
    pub fn finish(mut self) -> Result<Bytes, TransportError> {
        if !self.may_end || self.decoder.header().is_some() {
            let broken = |error| TransportError::new(TransportErrorKind::Body, error);
            self.decoder.try_finish().map_err(broken)?;
        }
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }
}

#[cfg(test)]
pub(crate) fn encode(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};

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

    async fn collect(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, TransportErrorKind> {
        let collected = async { decode(headers, body)?.collect(max).await };
        collected.await.map_err(|error: TransportError| error.kind())
    }

    async fn decoded(bytes: &[u8], size: usize, max: usize) -> Result<Bytes, TransportErrorKind> {
        collect(&headers("GZip"), chunked(bytes, size), max).await
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
        let other = collect(&headers("br"), Body::from("x"), 100).await;
        assert_eq!(other, Err(TransportErrorKind::Decode));
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
            let decoded = |bytes, max| decoded(bytes, 4096, max).now_or_never().unwrap();
            if let Ok(decoded) = decoded(&bytes, 50) {
                assert!(decoded.len() <= 50);
            }
            assert_eq!(decoded(&encode(&bytes), 200).unwrap(), bytes);
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
        let start = async |headers, body, max| decode(&headers, body).unwrap().start(max).await;
        let packed = encode(b"<html>");
        assert_eq!(start(headers("gzip"), Body::from(packed), 100).await, "<html>");
        assert_eq!(start(headers("gzip"), Body::from("no gzip"), 100).await, "");
        assert_eq!(start(HeaderMap::new(), Body::from("plain"), 3).await, "pla");
    }
}
