//! Stdout, written in whole lines: buffered, and quiet when nobody reads it any more.

use std::io::{ErrorKind, Write};

use crate::failure::{Failure, Result, Stop};

/// Beyond so many bytes the buffer is written, so that a page of large payloads isn't held twice.
const FULL: usize = 256 * 1024;

/// Stdout with a buffer that only ever holds whole lines, so that interrupted output ends at a line's end.
pub(crate) struct Output {
    to: Box<dyn Write>,
    buffer: Vec<u8>,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        Self::new(std::io::stdout())
    }

    pub(crate) fn new(to: impl Write + 'static) -> Self {
        Self {
            to: Box::new(to),
            buffer: Vec::with_capacity(64 * 1024),
        }
    }

    /// The buffer to write whole lines to; [`settle`](Self::settle) follows.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Adds a text, which ends with the end of a line.
    pub(crate) fn text(&mut self, text: &str) -> Result {
        self.buffer.extend_from_slice(text.as_bytes());
        self.settle()
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, line: &str) -> Result {
        self.buffer.extend_from_slice(line.as_bytes());
        self.buffer.push(b'\n');
        self.settle()
    }

    /// Writes the buffer if it is full.
    pub(crate) fn settle(&mut self) -> Result {
        if self.buffer.len() < FULL {
            Ok(())
        } else {
            self.flush()
        }
    }

    /// Writes the buffer.
    pub(crate) fn flush(&mut self) -> Result {
        let written = self.to.write_all(&self.buffer).and_then(|()| self.to.flush());
        self.buffer.clear();
        written.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Stop::Closed,
            _ => Failure::file("could not write the output", &error).into(),
        })
    }

    /// Sees to it that what was written is on the disk, where it goes to a file.
    #[cfg(unix)]
    pub(crate) fn sync() {
        use std::os::fd::AsFd as _;
        // A pipe or terminal can't be synced, and needn't be.
        if let Ok(file) = std::io::stdout().as_fd().try_clone_to_owned() {
            let _ = std::fs::File::from(file).sync_all();
        }
    }

    /// Sees to it that what was written is on the disk, where it goes to a file.
    #[cfg(not(unix))]
    pub(crate) fn sync() {}

    /// Whether something is still to be written.
    pub(crate) fn is_pending(&self) -> bool {
        !self.buffer.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::{FULL, Output};
    use crate::failure::{Code, Stop};

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn output(kind: io::ErrorKind) -> Output {
        Output {
            to: Box::new(Failing(kind)),
            buffer: Vec::new(),
        }
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
        let mut closed = output(io::ErrorKind::BrokenPipe);
        closed.line("x").unwrap();
        assert!(matches!(closed.flush(), Err(Stop::Closed)));

        let mut full = output(io::ErrorKind::StorageFull);
        full.line("x").unwrap();
        let Err(Stop::Failure(failure)) = full.flush() else {
            panic!()
        };
        assert_eq!(failure.code(), Code::File);
    }

    #[test]
    fn it_writes_by_itself_when_it_is_full() {
        let mut output = output(io::ErrorKind::BrokenPipe);
        assert!(output.text(&"x".repeat(FULL - 1)).is_ok() && output.is_pending());
        assert!(output.text("\n").is_err());
    }
}
