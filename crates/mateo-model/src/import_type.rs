//! `ImportType`: what an import brings in, open to types that are newer than this crate.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::raw::Text;

/// What an import brings in: the column `type`.
///
/// A type that this release doesn't know is kept as its text, in [`ImportType::Unknown`], and written back as it came. The
/// order is the server's: the known ones as they are listed here, not by their letters.
///
/// ```
/// use mateo_model::ImportType;
///
/// assert_eq!(ImportType::from("deal_details"), ImportType::DealDetails);
///
/// let newer = ImportType::from("ticket_details");
/// assert_eq!(newer.as_str(), "ticket_details");
/// assert!(!newer.is_known());
/// assert!(ImportType::ContactDetails < ImportType::AppointmentDetails);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ImportType {
    /// Contacts: `contact_details`.
    ContactDetails,
    /// Deals: `deal_details`.
    DealDetails,
    /// Appointments: `appointment_details`.
    AppointmentDetails,
    /// Any other text. It can be read, but only `ImportType::from` can make one, so that a known type is never in here.
    #[non_exhaustive]
    Unknown {
        /// The text as the server sent it.
        name: Box<str>,
    },
}

impl ImportType {
    /// The types this release knows, in the server's order.
    pub const KNOWN: [Self; 3] = [Self::ContactDetails, Self::DealDetails, Self::AppointmentDetails];

    /// The text the server has for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ContactDetails => "contact_details",
            Self::DealDetails => "deal_details",
            Self::AppointmentDetails => "appointment_details",
            Self::Unknown { name } => name,
        }
    }

    /// Whether this release knows it.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }
}

impl From<&str> for ImportType {
    fn from(text: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|known| known.as_str() == text);
        known.unwrap_or_else(|| Self::Unknown { name: text.into() })
    }
}

impl fmt::Display for ImportType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ImportType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ImportType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|text| Self::from(&*text.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ImportType;
    use crate::testing::cases;

    #[test]
    fn the_known_types_are_read_and_written_as_the_server_has_them() {
        for known in ImportType::KNOWN {
            let json = serde_json::to_string(&known).unwrap();
            assert_eq!(serde_json::from_str::<ImportType>(&json).unwrap(), known);
            assert_eq!(known.to_string(), json.trim_matches('"'));
        }
    }

    #[test]
    fn letter_case_and_blanks_make_another_type() {
        for text in ["Contact_details", "contact_details ", "", "contactdetails"] {
            assert!(!ImportType::from(text).is_known(), "{text:?}");
        }
    }

    #[test]
    fn display_pads_like_a_text() {
        assert_eq!(format!("[{:>13}]", ImportType::DealDetails), "[ deal_details]");
    }

    proptest! {
        #![proptest_config(cases(256))]

        #[test]
        fn every_text_comes_back(text in ".*|(contact|deal)_details") {
            let read = ImportType::from(text.as_str());
            prop_assert_eq!(read.as_str(), &text);
            let json = serde_json::to_string(&read).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&text).unwrap());
            prop_assert_eq!(serde_json::from_str::<ImportType>(&json).unwrap(), read);
        }
    }
}
