//! Says at a terminal why it takes so long: an attempt failed and another follows.

use std::io::Write as _;

use mateo_imports::net::observe::{Event, Observer};

use crate::args::duration;

/// Reports each attempt that failed on stderr, where that is a terminal.
#[derive(Debug)]
pub(crate) struct RetryNotice {
    pub(crate) reports: bool,
}

impl Observer for RetryNotice {
    fn event(&self, event: &Event) {
        if let Event::Retrying { attempt, after, .. } = event
            && self.reports
        {
            // A bar may stand on the line: it is drawn anew below.
            let _ = writeln!(
                anstream::stderr(),
                "\r\x1b[Kattempt {attempt} failed, the next is in {}",
                duration::shown(*after)
            );
        }
    }
}
