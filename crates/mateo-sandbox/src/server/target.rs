//! Bytes in a request's target that clients should escape and many don't.
//!
//! `curl '…?select=payload->n'` sends the `>` as it is, which PostgREST accepts and hyper rejects. So the server escapes
//! such bytes before hyper reads them. What a query means stays the same: `>` and `%3E` are one byte.

use bytes::{BufMut, BytesMut};
use percent_encoding::percent_encode_byte;

/// Follows the requests on one connection, and escapes what their targets hold.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    at: At,
    /// The start of the line that is being read.
    line: Vec<u8>,
    has_body: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    RequestLine,
    Headers,
    /// A body: no request of this API has one, and what follows is left alone.
    Body,
}

/// How much of a line is kept: enough to recognise the headers that announce a body.
const LINE: usize = 24;

impl Targets {
    /// Reads on, and writes what hyper is to read.
    pub(crate) fn escape(&mut self, read: &[u8], escaped: &mut BytesMut) {
        for piece in read.split_inclusive(|byte| *byte == b'\n') {
            for &byte in piece {
                if self.at == At::RequestLine && must_be_escaped(byte) {
                    escaped.extend_from_slice(percent_encode_byte(byte).as_bytes());
                } else {
                    escaped.put_u8(byte);
                }
            }
            self.pass(piece);
        }
    }

    /// Moves on by a piece of one line, or of a body.
    fn pass(&mut self, piece: &[u8]) {
        let room = LINE.saturating_sub(self.line.len()).min(piece.len());
        self.line.extend_from_slice(piece.get(..room).unwrap_or_default());
        if self.at == At::Body || piece.last() != Some(&b'\n') {
            return;
        }
        let line = std::mem::take(&mut self.line).to_ascii_lowercase();
        self.at = match (self.at, line.trim_ascii()) {
            (At::Headers, b"") if self.has_body => At::Body,
            // Empty lines before a request are allowed (RFC 9112, section 2.2).
            (_, b"") => At::RequestLine,
            (_, header) => {
                let announces = [&b"content-length:"[..], b"transfer-encoding:"];
                self.has_body |= announces.iter().any(|name| header.starts_with(name));
                At::Headers
            }
        };
    }
}

/// What hyper rejects in a target, and what it would read as a fragment.
fn must_be_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'<' | b'>' | b'#' | 0x7f..)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What hyper reads when the bytes come in pieces of one size.
    fn read(bytes: &[u8], size: usize) -> String {
        let (mut targets, mut escaped) = (Targets::default(), BytesMut::new());
        for piece in bytes.chunks(size) {
            targets.escape(piece, &mut escaped);
        }
        String::from_utf8_lossy(&escaped).into_owned()
    }

    #[test]
    fn only_targets_are_escaped_however_the_bytes_come() {
        let sent = "\r\nGET /a?b=\"ü\"&c->>d HTTP/1.1\r\nX: \"<ü>\"\r\n\r\n\
            GET /# HTTP/1.1\r\n\r\n";
        let expected = "\r\nGET /a?b=%22%C3%BC%22&c-%3E%3Ed HTTP/1.1\r\nX: \"<ü>\"\r\n\r\n\
            GET /%23 HTTP/1.1\r\n\r\n";
        for size in 1..=sent.len() {
            assert_eq!(read(sent.as_bytes(), size), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn after_a_body_nothing_is_touched() {
        let sent = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\n<>\"\r\n0\r\n\r\nGET /> HTTP/1.1\r\n\r\n";
        assert_eq!(read(sent.as_bytes(), 7), sent);
    }
}
