//! The name under which a key's budget is kept where others can read it.

use sha2::{Digest, Sha256};

use crate::origin;
use crate::secret::ApiKey;

impl ApiKey {
    /// A name for what belongs to this key at the server of `base_url`, such as its budget in a shared store: the first 32
    /// digits of a SHA-256. It is the same everywhere, and the key cannot be found from it. `None` where `base_url` is no
    /// URL of http or https.
    pub fn fingerprint(&self, base_url: &str) -> Option<String> {
        let url = origin::parse("the base URL", base_url).ok()?;
        let hash = Sha256::new()
            .chain_update(url.origin().ascii_serialization())
            .chain_update("\n")
            .chain_update(self.expose())
            .finalize();
        let [first, ..] = hash.as_chunks::<16>().0 else {
            return None;
        };
        Some(format!("{:032x}", u128::from_be_bytes(*first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_that_of_key_and_origin_and_shows_neither() {
        let name = |key: &str, url: &str| ApiKey::new(key).fingerprint(url);
        let one = name("s3cret", "https://api.test").unwrap();
        assert_eq!(one.len(), 32);
        assert!(!one.contains("s3cret") && !one.contains("api"));
        assert_eq!(name("s3cret", "https://API.test:443/any/path"), Some(one.clone()));
        assert_ne!(name("s3cret2", "https://api.test"), Some(one.clone()));
        assert_ne!(name("s3cret", "https://api.test:444"), Some(one));
        assert_eq!(name("s3cret", "no URL"), None);
    }
}
