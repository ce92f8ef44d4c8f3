//! Ids of imports, as values or as text.

use uuid::Uuid;

use crate::error::{Error, Kind};

/// What names an import: a [`Uuid`], or its text.
///
/// Text that is no UUID is an error of the call or of the stream's first item ([`Error::is_usage`]); nothing is sent then.
pub trait ImportId {
    /// The id.
    ///
    /// # Errors
    ///
    /// Text that is no UUID.
    fn import_id(self) -> Result<Uuid, Error>;
}

impl ImportId for Uuid {
    fn import_id(self) -> Result<Uuid, Error> {
        Ok(self)
    }
}

impl ImportId for &str {
    fn import_id(self) -> Result<Uuid, Error> {
        Uuid::try_parse(self.trim())
            .map_err(|_| Kind::Usage(format!("{self:?} is not the id of an import, which is a UUID")).into())
    }
}

impl ImportId for String {
    fn import_id(self) -> Result<Uuid, Error> {
        self.as_str().import_id()
    }
}

impl<T: ImportId + Clone> ImportId for &T {
    fn import_id(self) -> Result<Uuid, Error> {
        self.clone().import_id()
    }
}
