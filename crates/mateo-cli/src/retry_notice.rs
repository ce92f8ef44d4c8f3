//! Says at a terminal why it takes so long: an attempt failed and another follows.

use std::io::Write as _;

use mateo_imports::net::observe::Event;

use crate::args::duration;

/// Reports an attempt that failed on stderr.
pub(crate) fn retry_notice(event: &Event) {
    if let Event::Retrying { attempt, after, .. } = event {
        // A bar may stand on the line: it is drawn anew below.
        let _ = writeln!(
            anstream::stderr(),
            "\r\x1b[Kattempt {attempt} failed, the next is in {}",
            duration::shown(*after)
        );
    }
}
