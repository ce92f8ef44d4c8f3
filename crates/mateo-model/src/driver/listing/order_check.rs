//! Whether pages can be what was asked for: each row after the one before it.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::ListingError;
use super::keyset::Keyset;
use super::row_key::RowKey;

/// What is remembered of the pages before, to tell a server that shifts, turns back or repeats them.
///
/// Keys of which only the database knows the order, text for example, can still be told from those of the page before. And
/// a server that goes in a circle ends a page where it ended one before: the end of some page is kept, of the first, second,
/// fourth, eighth and so on, until the next of these (Brent's algorithm).
#[derive(Clone, Debug, Default)]
pub(super) struct OrderCheck {
    recent: HashSet<Texts>,
    end_of_some_page: Option<Texts>,
    pages: u64,
}

type Texts = Vec<Option<String>>;

impl OrderCheck {
    /// Checks a page that was asked for after `after`, and takes note of it. `is_exact` is whether it began right there:
    /// otherwise rows may come again when others change.
    pub(super) fn page(
        &mut self,
        keyset: &Keyset,
        after: Option<&RowKey<'_>>,
        keys: &[Option<RowKey<'_>>],
        is_exact: bool,
    ) -> Result<(), ListingError> {
        let mut before = after;
        let mut is_decided = true;
        for (row, key) in keys.iter().enumerate() {
            let Some(key) = key else { continue };
            match before.map(|before| keyset.compare(before, key)) {
                None | Some(Some(Ordering::Less)) => {}
                Some(Some(_)) => return Err(ListingError::OutOfOrder { row }),
                Some(None) => is_decided = false,
            }
            before = Some(key);
        }
        let mut recent = HashSet::new();
        if !is_decided {
            for (row, key) in keys.iter().enumerate() {
                let Some(key) = key else { continue };
                let texts = key.to_texts();
                if (is_exact && self.recent.contains(&texts)) || !recent.insert(texts) {
                    return Err(ListingError::OutOfOrder { row });
                }
            }
        }
        if let Some(end) = keys.iter().rev().flatten().next().map(RowKey::to_texts) {
            if self.end_of_some_page.as_ref() == Some(&end) {
                return Err(ListingError::Stuck);
            }
            self.pages += 1;
            if self.pages.is_power_of_two() {
                self.end_of_some_page = Some(end);
            }
        }
        self.recent = recent;
        Ok(())
    }
}
