//! The API key: a value that can be sent and cannot be printed, and where it comes from.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::censor;
use crate::transport::BoxFuture;

/// An API key. Clones are cheap and share one copy, which is overwritten when the last one is dropped.
///
/// It has no `Display` and is not serialisable, and `Debug` prints `ApiKey(***)`. It leaves this crate in one place
/// only: the `Authorization` header of a request to the base URL's origin.
///
/// ```
/// let key = mateo_http::ApiKey::new("hm_live_0123456789");
/// assert_eq!(format!("{key:?}"), "ApiKey(***)");
/// ```
#[derive(Clone)]
pub struct ApiKey(Arc<SecretString>);

impl ApiKey {
    /// The key as hellomateo shows it, without `Bearer`.
    ///
    /// Any text is taken; one that cannot stand in a header (empty, or with bytes other than visible ASCII) is rejected
    /// with a typed error before the first request.
    pub fn new(key: impl Into<String>) -> Self {
        Self(Arc::new(SecretString::from(key.into())))
    }

    /// Whether two keys are the same, so that a provider can tell whether the rejected key is still the current one.
    pub fn is_same(&self, other: &ApiKey) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.expose_secret() == other.0.expose_secret()
    }

    #[cfg(feature = "fingerprint")]
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `text` with `***` in the place of the key, should it hold it.
    pub(crate) fn censor<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        censor::censor(text, self.0.expose_secret().as_bytes())
    }

    /// The same for a text.
    pub(crate) fn censor_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.censor(text.as_bytes())).into_owned()
    }

    /// The value of the `Authorization` header, marked sensitive. The error says why the key cannot stand in it, without
    /// showing any of it.
    pub(crate) fn header(&self) -> Result<HeaderValue, &'static str> {
        let key = self.0.expose_secret();
        if key.is_empty() {
            return Err("the API key is empty");
        }
        match key.bytes().find(|byte| !byte.is_ascii_graphic()) {
            None => {}
            Some(b' ' | b'\t' | b'\r' | b'\n') => {
                return Err(
                    "the API key holds a space or a line break; was it read with the end of its line?",
                );
            }
            Some(_) => return Err(NOT_ASCII),
        }
        let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| NOT_ASCII)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

const NOT_ASCII: &str = "the API key holds a byte that is not visible ASCII";

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

/// Where the key comes from, asked before every request.
///
/// An [`ApiKey`] is its own provider. Implement this for keys that change while a program runs: a secret store, a
/// token that expires.
///
/// ```
/// use std::sync::Mutex;
///
/// use mateo_http::{ApiKey, KeyError, KeyProvider, BoxFuture};
///
/// /// Keys in the order in which they are to be tried.
/// #[derive(Debug)]
/// struct Rotating(Mutex<Vec<ApiKey>>);
///
/// impl KeyProvider for Rotating {
///     fn key(&self) -> BoxFuture<'_, Result<ApiKey, KeyError>> {
///         Box::pin(async {
///             let keys = self.0.lock().map_err(|_| KeyError::new("the keys are lost"))?;
///             keys.first().cloned().ok_or_else(|| KeyError::new("no key is left"))
///         })
///     }
///
///     fn refresh<'a>(&'a self, rejected: &'a ApiKey) -> BoxFuture<'a, Result<Option<ApiKey>, KeyError>> {
///         Box::pin(async move {
///             let mut keys = self.0.lock().map_err(|_| KeyError::new("the keys are lost"))?;
///             keys.retain(|key| !key.is_same(rejected));
///             Ok(keys.first().cloned())
///         })
///     }
/// }
/// ```
pub trait KeyProvider: fmt::Debug + Send + Sync {
    /// The key for the next request.
    ///
    /// # Errors
    /// A [`KeyError`] where there is none. The request is then not sent.
    fn key(&self) -> BoxFuture<'_, Result<ApiKey, KeyError>>;

    /// Called when the server rejected `rejected` (401, or 403, which hellomateo documents for an invalid key). Give
    /// back a newer key and the request is sent once more with it, or `None` to report the error.
    ///
    /// # Errors
    /// A [`KeyError`] where getting a newer key failed. It is reported in the place of the rejection.
    fn refresh<'a>(&'a self, rejected: &'a ApiKey) -> BoxFuture<'a, Result<Option<ApiKey>, KeyError>> {
        let _ = rejected;
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl KeyProvider for ApiKey {
    fn key(&self) -> BoxFuture<'_, Result<ApiKey, KeyError>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

impl<K: KeyProvider + ?Sized> KeyProvider for Arc<K> {
    fn key(&self) -> BoxFuture<'_, Result<ApiKey, KeyError>> {
        (**self).key()
    }

    fn refresh<'a>(&'a self, rejected: &'a ApiKey) -> BoxFuture<'a, Result<Option<ApiKey>, KeyError>> {
        (**self).refresh(rejected)
    }
}

/// A [`KeyProvider`] has no key to give.
///
/// ```
/// let error = mateo_http::KeyError::new("the vault is sealed");
/// assert_eq!(error.to_string(), "the API key could not be had");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the API key could not be had")]
pub struct KeyError(#[source] Box<dyn StdError + Send + Sync>);

impl KeyError {
    /// Why there is none: an error or a plain text, which must not hold the key.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_bearer_and_sensitive() {
        let header = ApiKey::new("abc-123").header().unwrap();
        assert_eq!(header.as_bytes(), b"Bearer abc-123");
        assert!(header.is_sensitive());
        assert_eq!(format!("{header:?}"), "Sensitive");
    }

    #[test]
    fn keys_that_cannot_stand_in_a_header_are_refused_without_being_shown() {
        let refused = |key: &str| ApiKey::new(key).header().unwrap_err();
        assert_eq!(refused(""), "the API key is empty");
        for key in ["s3cret\n", "s3cret\r\n", " s3cret", "s3 cret", "s3\tcret"] {
            assert!(refused(key).contains("a space or a line break"), "{key:?}");
            assert!(!refused(key).contains("s3"));
        }
        for key in ["s3crét", "s3cret\0", "s3cret\u{7f}"] {
            assert!(refused(key).contains("not visible ASCII"), "{key:?}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        let key = ApiKey::new("s3cret");
        assert_eq!(format!("{key:?} {key:#?}"), "ApiKey(***) ApiKey(***)");
    }
}
