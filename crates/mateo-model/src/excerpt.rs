//! The start of a text that may be of any length, for an error.

/// At most the first `limit` bytes, cut between two characters.
///
/// It is `str::floor_char_boundary`, which needs a newer Rust than ours.
pub(crate) fn excerpt(text: &str, limit: usize) -> &str {
    let limit = limit.min(text.len());
    (0..=limit)
        .rev()
        .find_map(|end| text.get(..end))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn a_text_is_cut_at_the_last_whole_character() {
        assert_eq!(excerpt("aü€", 9), "aü€");
        assert_eq!(excerpt("aü€", 5), "aü");
        assert_eq!(excerpt("aü€", 2), "a");
        assert_eq!(excerpt("€", 1), "");
    }
}
