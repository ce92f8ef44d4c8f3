//! The ids that a terminal showed last, for completions, which then need no request. Only a person's own use is kept, in a
//! file that only they may read.

use std::path::PathBuf;

use uuid::Uuid;

use crate::atomic_write::{self, Replace};
use crate::render::text::escape_control;

/// So many are kept.
pub(crate) const MOST: usize = 50;

/// The ids, each with what a person knows it by.
pub(crate) fn read() -> Vec<(String, String)> {
    let text = path().and_then(|path| std::fs::read_to_string(path).ok());
    text.unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .take(MOST)
        .map(|(id, what)| (id.to_owned(), what.to_owned()))
        .collect()
}

/// Keeps them. What can't be kept isn't missed.
pub(crate) fn write(rows: &[(Uuid, String)]) {
    let Some(path) = path().filter(|_| !rows.is_empty()) else {
        return;
    };
    let text: Vec<String> = rows
        .iter()
        .take(MOST)
        .map(|(id, what)| [&id.to_string(), "\t", &escape_control(what), "\n"].concat())
        .collect();
    if std::fs::create_dir_all(atomic_write::folder(&path)).is_ok() {
        let _ = atomic_write::write(&path, text.concat().as_bytes(), Replace::Any);
    }
}

fn path() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let places = etcetera::choose_base_strategy().ok()?;
    Some(places.cache_dir().join("mateo").join("recent-imports"))
}
