//! How a listing ended, on stderr: complete, cut by its limit, or incomplete.

use mateo_imports::model::driver::Consistency;

use super::Listing;
use super::query::{self, DEFAULT_ROWS};
use crate::render::text::{counted, thousands};

impl Listing<'_> {
    /// All that were asked for are there.
    pub(super) fn say_end(&self, is_table: bool) {
        let limit = query::limit(self.args);
        let is_all = limit.is_none();
        let complete = match self.rows.listing().consistency() {
            _ if !is_all => "",
            Consistency::ExactIfUnchanged => ", complete if none was created or deleted meanwhile",
            _ => ", complete",
        };
        if self.states.needs_look() {
            let states = self.states.described().unwrap_or_default();
            self.app.note(&format!(
                "{} ({states}) of {} looked at here, as the server can't compare counts{complete}",
                counted(self.printed, "import"),
                thousands(self.rows.taken()),
            ));
        } else if is_all {
            self.app
                .note(&format!("{}{complete}", counted(self.printed, "import")));
        } else {
            self.say_limited(is_table);
        }
    }

    /// How many there are in all, where not all were printed, or a person looks at a table.
    fn say_limited(&self, is_table: bool) {
        let printed = self.printed;
        let is_default = self.args.limit.is_none();
        match self.rows.listing().counted() {
            Some(total) if total > printed => {
                let which = if self.args.order == "created_at.desc" {
                    "the newest"
                } else {
                    "the first"
                };
                let advice = if is_default {
                    "; --all lists all, --limit N more"
                } else {
                    ""
                };
                self.app.note(&format!(
                    "{which} {} of {}{advice}",
                    thousands(printed),
                    counted(total, "import")
                ));
            }
            _ if is_table => self.app.note(&counted(printed, "import")),
            None if is_default && printed >= DEFAULT_ROWS => {
                self.app.note(&format!(
                    "the first {printed}; the server could not count them; --all lists all"
                ));
            }
            _ => {}
        }
    }

    /// An error or a signal ended it. Where nothing was printed yet, there is nothing to be taken for complete.
    pub(super) fn say_incomplete(&self) {
        if self.flushed == 0 && self.export.is_none() {
            return;
        }
        // Where rows are looked at here, how many will be printed isn't known.
        let expected = self
            .rows
            .listing()
            .expected()
            .filter(|_| !self.states.needs_look());
        let of = expected.map_or_else(String::new, |of| format!(" of {}", thousands(of)));
        let advice = if self.export.is_some() {
            ", go on with --resume"
        } else {
            ""
        };
        self.app
            .warn_with("INCOMPLETE:", &format!("{}{of}{advice}", thousands(self.flushed)));
    }
}
