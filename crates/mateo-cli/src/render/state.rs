//! An import's state as a person sees it: pending, a percentage, finished, failed.

use mateo_imports::Progress;

use super::style::Paint;

/// The state in one word: a finished import with failures is `failed`, a running one says how far it is.
pub(crate) fn word(progress: Progress) -> String {
    match progress {
        Progress::Running { .. } => format!("{}%", percent(progress)),
        Progress::Finished { failed: 1.., .. } => "failed".to_owned(),
        Progress::Finished { .. } => "finished".to_owned(),
        _ => "pending".to_owned(),
    }
}

/// Whole per cent, never 100 before the end.
pub(crate) fn percent(progress: Progress) -> u8 {
    match progress {
        Progress::Running { done, total } => {
            let percent = u64::from(done) * 100 / u64::from(total.max(1));
            u8::try_from(percent).unwrap_or(99).min(99)
        }
        Progress::Finished { .. } => 100,
        _ => 0,
    }
}

/// A text in the colour of the state.
pub(crate) fn painted(progress: Progress, text: &str, paint: Paint) -> String {
    match progress {
        Progress::Running { .. } => paint.busy(text),
        Progress::Finished { failed: 1.., .. } => paint.bad(text),
        Progress::Finished { .. } => paint.good(text),
        _ => paint.faint(text),
    }
}

/// `97/3/100`: imported, failed, in all; `-` for what the server doesn't say.
pub(crate) fn counts(success: Option<i32>, failed: Option<i32>, total: Option<i32>) -> String {
    let shown = |count: Option<i32>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    format!("{}/{}/{}", shown(success), shown(failed), shown(total))
}

/// A bar of `columns` columns: what went well, what failed, what is left.
pub(crate) fn bar(
    success: u64,
    failed: u64,
    total: u64,
    columns: usize,
    unicode: bool,
    paint: Paint,
) -> String {
    let (full, empty) = if unicode { ("█", "░") } else { ("#", "-") };
    let total = total.max(success + failed).max(1);
    let part = |count: u64| {
        let exact = u128::from(count) * columns as u128 / u128::from(total);
        // What there is, is seen.
        usize::try_from(exact)
            .unwrap_or(columns)
            .max(usize::from(count > 0))
            .min(columns)
    };
    let failed_count = failed;
    let failed = part(failed);
    // A finished one has no gap that rounding made.
    let is_done = success > 0 && success + failed_count >= total;
    let success = if is_done {
        columns - failed
    } else {
        part(success).min(columns - failed)
    };
    let left = columns - failed - success;
    format!(
        "{}{}{}",
        paint.good(&full.repeat(success)),
        paint.bad(&full.repeat(failed)),
        paint.faint(&empty.repeat(left))
    )
}

#[cfg(test)]
mod tests {
    use mateo_imports::Progress;

    use super::{bar, counts, word};
    use crate::render::style::Paint;

    #[test]
    fn the_word_says_the_state() {
        let of = |total, success, failed| word(Progress::from_counts(total, success, failed));
        assert_eq!(of(None, None, None), "pending");
        assert_eq!(of(Some(1000), Some(998), Some(1)), "99%");
        assert_eq!(of(Some(10), Some(9), Some(1)), "failed");
        assert_eq!(of(Some(0), Some(0), None), "finished");
        assert_eq!(counts(Some(9), Some(1), None), "9/1/-");
    }

    #[test]
    fn a_bar_is_as_wide_as_asked_and_shows_what_there_is() {
        let of = |success, failed, total| bar(success, failed, total, 10, false, Paint::new(false));
        assert_eq!(of(5, 0, 10), "#####-----");
        assert_eq!(of(0, 0, 0), "----------");
        assert_eq!(of(1, 1, 1_000_000), "##--------");
        assert_eq!(of(u64::from(u32::MAX), 0, 1), "##########");
        assert_eq!(of(2, 1, 3), "##########");
        assert_eq!(bar(0, 1, 2, 0, false, Paint::new(false)), "");
    }
}
